/**
 * What tests of a registry, and of anything that uses one, need: a whole registry in memory, and sample content.
 *
 * @packageDocumentation
 */
export { createMemoryRegistry, type MemoryRegistryOptions } from './memory-registry.ts';
export {
  describeBytes,
  sampleBytes,
  sampleFormats,
  sampleImage,
  sampleIndex,
  type SampleImage,
} from './samples.ts';
