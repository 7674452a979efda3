import { parseRepositoryName } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../config/load.ts';
import type { ConfigInput } from '../../config/schema.ts';
import { requiredReferences } from './required-references.ts';

const none = { blobs: 'none', manifests: 'none' };

function requiredIn(name: string, sections: ConfigInput) {
  return requiredReferences(createConfig(sections))(parseRepositoryName(name));
}

describe('requiredReferences', () => {
  it('are those that a push requires', () => {
    const indexes = { platforms: 'list', platformlist: [{ os: 'linux', architecture: 'arm64' }] };
    expect(requiredIn('team/app', {})).toMatchObject({ blobs: 'all', manifests: 'all' });
    expect(requiredIn('team/app', { validation: { manifests: { indexes } } })).toMatchObject({
      blobs: 'all',
      manifests: [{ os: 'linux', architecture: 'arm64' }],
    });
  });

  it('are none in a pull-through cache', () => {
    const proxy = { remoteurl: 'https://registry.example' };
    expect(requiredIn('team/app', { proxy })).toEqual(none);
  });

  it('are none below the prefix of an upstream, and those of a push elsewhere', () => {
    const proxy = {
      upstreams: [{ remoteurl: 'https://quay.example', prefix: 'quay' }],
    };
    expect(requiredIn('quay/team/app', { proxy })).toEqual(none);
    expect(requiredIn('quay', { proxy })).toMatchObject({ manifests: 'all' });
    expect(requiredIn('quayside/app', { proxy })).toMatchObject({ manifests: 'all' });
  });
});
