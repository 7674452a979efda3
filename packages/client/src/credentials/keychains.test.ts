import { describe, expect, it } from 'vitest';
import type { Keychain } from './credentials.ts';
import { chainKeychains, fixedKeychain } from './keychains.ts';

const named = (username: string) => ({ username, password: 'x' });

describe('fixedKeychain', () => {
  const keychain = fixedKeychain({
    'registry.example': named('all'),
    'registry.example/team': named('team'),
    'registry.example/team/app': named('app'),
    'other.example:5000': named('other'),
    'docker.io': named('hub'),
  });

  for (const [host, repository, expected] of [
    ['registry.example', undefined, 'all'],
    ['registry.example', 'teams/app', 'all'],
    ['registry.example', 'team', 'team'],
    ['registry.example', 'team/app', 'app'],
    ['registry.example', 'team/app/sub', 'app'],
    ['registry.example', 'team/apple', 'team'],
    ['Registry.Example:443', undefined, 'all'],
    ['registry-1.docker.io', 'library/debian', 'hub'],
    ['index.docker.io', undefined, 'hub'],
    ['other.example:5000', undefined, 'other'],
    ['other.example', undefined, undefined],
    ['sub.registry.example', undefined, undefined],
  ] as const) {
    it(`has ${expected ?? 'nothing'} for ${repository ?? 'all'} of ${host}`, async () => {
      const found = await keychain.credentials(host, { repository });
      expect(found).toEqual(expected === undefined ? undefined : named(expected));
    });
  }
});

describe('chainKeychains', () => {
  it('gives the first credentials that there are', async () => {
    const last: Keychain = {
      credentials: async () => {
        throw new Error('asked too often');
      },
    };
    const chain = chainKeychains(fixedKeychain({}), fixedKeychain({ a: named('a') }), last);
    expect(await chain.credentials('a')).toEqual(named('a'));
    await expect(chain.credentials('b')).rejects.toThrow('asked too often');
    expect(await chainKeychains().credentials('a')).toBeUndefined();
  });
});
