import { tmpdir } from 'node:os';
import { createRegistryClient } from '@purser/client';
import { createManifestDecoder } from '@purser/core';
import { describeRegistryConformance, type RegistrySupport } from '@purser/core/conformance';
import { findOrBuild, needGoPrograms, needPrograms, type Need } from '@purser/external-programs';
import { ociFormats } from '@purser/manifest-oci';
import {
  distribution,
  dockerRegistry,
  Sandbox,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSkippingRunner, type Lacks } from './skipping-runner.ts';

const decoder = createManifestDecoder(ociFormats);

/** Building distribution, where it is not there. */
const BUILD_LIMIT_MS = 900_000;

/** Nothing holds a session between two requests, and who may read what is the server's to know. */
const supports: RegistrySupport = { exclusiveUploads: false, mountRights: false };

/** What both versions of distribution lack. */
const LACKING: Lacks = {
  'blobs: finds a blob to mount, without being told where it is':
    'it mounts only from a repository that is named',
  'manifests: stores a manifest by sha512 when asked to': 'it names manifests by sha256 alone',
  'manifests: names every blob that a manifest lacks': 'it says the digest alone, as no object',
  'tags: moves a tag only from what it is allowed to, also when many try at once':
    'it heeds no condition on what a tag names',
  'tags: lists no tags of a repository whose manifests have none':
    'it knows no repository without a tag',
  'listing: lists pages whose sum is the whole': 'pages of its catalog leave names out',
  'listing: does not list a repository whose manifests are all deleted, until the next push':
    'it lists what ever held a manifest',
};

interface Case {
  readonly title: string;
  readonly need: Need;
  readonly lacks: Lacks;
  readonly findProgram: () => Promise<RegistryProgram>;
}

function describeClient({ title, need, lacks, findProgram }: Case): void {
  let program: RegistryProgram;
  const runner = createSkippingRunner(lacks);

  async function createRegistry() {
    const sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-client-' });
    const { port } = await sandbox.start(program, { root: 'root' });
    const client = createRegistryClient({ registry: `127.0.0.1:${port}`, decoder });
    return {
      registry: client,
      async cleanUp() {
        await client[Symbol.asyncDispose]();
        await sandbox[Symbol.asyncDispose]();
      },
    };
  }

  describe.skipIf(need.isUnmet)(`the suite through the client${need.note}`, () => {
    beforeAll(async () => {
      program = await findProgram();
    }, BUILD_LIMIT_MS);

    describeRegistryConformance(title, { ...runner, supports, createRegistry });

    it('lacks only what the suite asks for', () => {
      expect(runner.unknown()).toEqual([]);
    });
  });
}

describeClient({
  title: 'docker-registry 2.8',
  need: needPrograms('docker-registry'),
  lacks: {
    ...LACKING,
    'manifests: does not take a blob for a manifest': 'it answers 500 when a manifest is a blob',
    'tags: removes a tag and keeps its manifest': 'it deletes manifests by digest alone',
    'listing: does not list a repository that never held a manifest':
      'it lists repositories from their first blob on',
  },
  findProgram: async () => dockerRegistry(),
});

describeClient({
  title: 'distribution 3',
  need: needGoPrograms('distribution'),
  lacks: {
    ...LACKING,
    'tags: lists from after a text that is no tag':
      'it begins a page only after a tag that is there',
  },
  findProgram: async () => distribution(await findOrBuild('distribution')),
});
