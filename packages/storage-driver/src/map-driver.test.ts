import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeDriverConformance } from './conformance/index.ts';
import { DRIVER_ERROR_MESSAGES } from './errors.ts';
import { MapDriver } from './fixtures/map-driver.ts';

describeDriverConformance('map', {
  describe,
  it,
  createDriver: () => ({ driver: new MapDriver() }),
  supports: {
    redirects: 'there is no server to redirect to',
    largeFiles: 'they would have to fit into memory',
    exclusivePaths: 'a map has no directories',
    exclusiveCreation: 'the example is as short as a driver can be',
  },
});

describe('the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

  it('shows this driver as it is', () => {
    const source = readFileSync(new URL('fixtures/map-driver.ts', import.meta.url), 'utf8');
    const published = source.replace("'../index.ts'", "'@purser/storage-driver'");
    expect(readme).toContain(published.trim());
  });

  it('documents every error code', () => {
    for (const code of Object.keys(DRIVER_ERROR_MESSAGES)) expect(readme).toContain(`\`${code}\``);
  });
});
