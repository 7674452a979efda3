import { describe, it } from 'vitest';
import { describeDriverConformance } from './conformance/index.ts';
import { MemoryDriver } from './memory-driver.ts';

describeDriverConformance('memory', {
  describe,
  it,
  createDriver: () => ({ driver: new MemoryDriver() }),
  supports: {
    redirects: 'there is no server to redirect to',
    largeFiles: 'they would have to fit into memory',
  },
});
