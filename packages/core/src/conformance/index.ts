/**
 * What every `Registry`, every `BlobDescriptorCache` and every `AccessController` must do, as tests for any runner.
 *
 * ```ts
 * import { describeRegistryConformance } from '@purser/core/conformance';
 * import { createMemoryRegistry } from '@purser/core/testing';
 * import { describe, it } from 'node:test';
 *
 * describeRegistryConformance('in memory', {
 *   describe: (name, body) => void describe(name, body),
 *   it: (name, body) => void it(name, body),
 *   createRegistry: async () => ({ registry: createMemoryRegistry() }),
 * });
 * ```
 *
 * @packageDocumentation
 */
import { testBlobs } from './blobs.ts';
import { testListing } from './listing.ts';
import { testManifests } from './manifests.ts';
import { testReferrers } from './referrers.ts';
import { testRemoval } from './removal.ts';
import { registryTest, type RegistryConformanceOptions } from './suite.ts';
import { testTags } from './tags.ts';
import { testUploads } from './uploads.ts';

export {
  describeAccessControllerConformance,
  type AccessControllerConformanceOptions,
  type AccessControllerUnderTest,
} from './access.ts';
export {
  describeBlobDescriptorCacheConformance,
  type BlobDescriptorCacheConformanceOptions,
  type BlobDescriptorCacheUnderTest,
} from './blob-descriptor-cache.ts';
export type {
  RegistryConformanceOptions,
  RegistrySupport,
  RegistryUnderTest,
  TestRunner,
} from './suite.ts';

/**
 * Declares the tests. The registry must allow deletion and accept OCI images and indexes.
 *
 * @param name What is tested, for the report.
 */
export function describeRegistryConformance(
  name: string,
  options: RegistryConformanceOptions,
): void {
  const test = registryTest(options);
  options.describe(`a registry: ${name}`, () => {
    options.describe('blobs', () => testBlobs(test, options.supports));
    options.describe('uploads', () => testUploads(test, options.supports));
    options.describe('manifests', () => testManifests(test, options.supports));
    options.describe('tags', () => testTags(test));
    options.describe('referrers', () => testReferrers(test));
    if (options.supports?.removal) options.describe('removal', () => testRemoval(test));
    if (options.supports?.catalog ?? true) {
      options.describe('listing', () => testListing(test));
    }
  });
}
