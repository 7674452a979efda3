import { describe, expect, it } from 'vitest';
import { createPair } from './fixtures/token-server.ts';
import { keyIdsOf } from './key-ids.ts';
import { parseJwks } from './trusted-keys.ts';

describe('a JWK set', () => {
  it('gives keys by their ids and by their thumbprints, for their algorithm', async () => {
    const { publicKey } = await createPair('ES256');
    const jwk = publicKey.export({ format: 'jwk' });
    const keys = parseJwks({ keys: [{ ...jwk, kid: 'a', alg: 'ES256', use: 'sig' }] });
    expect([...keys.keys()].toSorted()).toEqual(['a', ...keyIdsOf(publicKey)].toSorted());
    expect(keys.get('a')?.algorithm).toBe('ES256');
    expect(keys.get('a')?.key.type).toBe('public');
  });

  it('gives no private parts', async () => {
    const { privateKey } = await createPair('RS256');
    const jwk = await crypto.subtle.exportKey('jwk', privateKey);
    expect(parseJwks({ keys: [{ ...jwk, kid: 'a' }] }).get('a')?.key.type).toBe('public');
  });

  it('passes over keys that nobody can verify with', async () => {
    const { publicKey } = await createPair('ES256');
    const jwk = publicKey.export({ format: 'jwk' });
    const keys = [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'a' },
      { ...jwk, use: 'enc', kid: 'b' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'c' },
      { kty: 'XX', kid: 'd' },
      null,
      'text',
    ];
    expect(parseJwks({ keys }).size).toBe(0);
  });

  it.each([null, [], 'x', {}, { keys: {} }, { keys: null }])('is not %j', (document) => {
    expect(() => parseJwks(document)).toThrow(TypeError);
  });
});
