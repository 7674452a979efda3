import { describe, expect, it } from 'vitest';
import { parseConfig } from './load.ts';

const MINIMAL = 'version: 0.1\nstorage: inmemory\n';

describe('a configuration', () => {
  it.each([
    ['{ disabled: true }', 'none'],
    ['{ disabled: true, enabled: true }', 'all'],
    ['{ manifests: { indexes: { platforms: none } } }', 'none'],
    ['{ manifests: { indexes: { platforms: list } } }', 'all'],
  ])('asks for the members of indexes by validation: %s', (validation, manifests) => {
    const { config } = parseConfig(`${MINIMAL}validation: ${validation}`);
    expect(config.validation).toMatchObject({ blobs: 'all', manifests });
  });
});
