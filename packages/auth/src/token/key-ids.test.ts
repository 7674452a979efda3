import { createHash, createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { createPair } from './fixtures/token-server.ts';
import { keyIdsOf } from './key-ids.ts';

describe('the ids of a public key', () => {
  it.each(['RS256', 'ES256', 'ES512', 'EdDSA'])(
    'have the thumbprint of RFC 7638: %s',
    async (algorithm) => {
      const { publicKey } = await createPair(algorithm);
      expect(keyIdsOf(publicKey)).toContain(
        await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as never),
      );
    },
  );

  it('have the thumbprint of distribution, which leaves leading zeros out', () => {
    const [x, y] = [
      'AFc8eGQODaYvF8U0f07ikJN9O2SBjyUNy8wFoeUiP8k',
      'cJ9Di7rxNPRdGuw2oNY1HKMdFiZVUhG8I_tj92ptar4',
    ];
    const short = Buffer.from(x, 'base64url').subarray(1).toString('base64url');
    const written = `{"crv":"P-256","kty":"EC","x":"${short}","y":"${y}"}`;
    const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } });
    expect(keyIdsOf(key)).toHaveLength(3);
    expect(keyIdsOf(key)).toContain(createHash('sha256').update(written).digest('base64url'));
  });

  it('have the id of libtrust: twelve groups of four letters', async () => {
    const { publicKey } = await createPair('ES256');
    expect(keyIdsOf(publicKey).at(-1)).toMatch(/^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
  });
});
