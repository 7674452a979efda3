import { describe, it } from 'vitest';
import { describeRegistryConformance } from '../conformance/index.ts';
import { createMemoryRegistry } from './memory-registry.ts';

describeRegistryConformance('in memory', {
  describe,
  it,
  supports: { removal: true },
  createRegistry: async () => ({ registry: createMemoryRegistry() }),
});
