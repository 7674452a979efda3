import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistryClient } from '@purser/client';
import { createManifestDecoder, type Registry } from '@purser/core';
import { describeRegistryConformance } from '@purser/core/conformance';
import { createMemoryRegistry } from '@purser/core/testing';
import { createRequestHandler } from '@purser/http-api';
import { ociFormats } from '@purser/manifest-oci';
import { createRegistry } from '@purser/storage';
import { MemoryDriver } from '@purser/storage-driver';
import { FilesystemDriver } from '@purser/storage-driver-fs';
import { describe, it } from 'vitest';

const decoder = createManifestDecoder(ociFormats);

async function onFilesystem() {
  const rootDirectory = await mkdtemp(join(tmpdir(), 'purser-registry-'));
  const driver = new FilesystemDriver({ rootDirectory });
  return {
    registry: createRegistry({ driver, decoder, deletion: true, repositoryDeletion: true }),
    cleanUp: () => rm(rootDirectory, { recursive: true }),
  };
}

/** Served by the API, and reached through the client. */
async function overHttp(registry: Registry, cleanUp: () => Promise<void> = async () => {}) {
  const handler = createRequestHandler({ registry, decoder });
  const server = createServer(handler as RequestListener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createRegistryClient({ registry: `127.0.0.1:${port}`, decoder });
  return {
    registry: client,
    async cleanUp() {
      await client[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await cleanUp();
    },
  };
}

/** Nothing holds a session between two requests, and who may read what is the server's to know. */
const supports = { exclusiveUploads: false, mountRights: false, removal: true };

describeRegistryConformance('on the in-memory driver, with OCI manifests', {
  describe,
  it,
  createRegistry: async () => ({
    registry: createRegistry({ driver: new MemoryDriver(), decoder, deletion: true }),
  }),
});

describeRegistryConformance('on the filesystem driver', {
  describe,
  it,
  supports: { removal: true },
  createRegistry: onFilesystem,
});

describeRegistryConformance('in memory, served, through the client', {
  describe,
  it,
  supports,
  createRegistry: () => overHttp(createMemoryRegistry()),
});

describeRegistryConformance('on the filesystem driver, served, through the client', {
  describe,
  it,
  supports,
  async createRegistry() {
    const { registry, cleanUp } = await onFilesystem();
    return overHttp(registry, cleanUp);
  },
});
