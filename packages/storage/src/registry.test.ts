import { createManifestDecoder } from '@purser/core';
import { describeRegistryConformance } from '@purser/core/conformance';
import { sampleFormats } from '@purser/core/testing';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, it } from 'vitest';
import { createRegistry } from './create-registry.ts';

describeRegistryConformance('on the in-memory driver', {
  describe,
  it,
  supports: { removal: true },
  createRegistry: async () => ({
    registry: createRegistry({
      driver: new MemoryDriver(),
      decoder: createManifestDecoder(sampleFormats),
      deletion: true,
      repositoryDeletion: true,
    }),
  }),
});
