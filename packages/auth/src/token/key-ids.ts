import { createHash, type KeyObject } from 'node:crypto';

/**
 * The names by which a token may name a public key of a certificate: its JWK thumbprint, the same as distribution 3
 * writes it, and the key id of libtrust, by which distribution 2 knows it.
 *
 * @see RFC 7638; distribution, registry/auth/token/util.go; docker/libtrust, util.go.
 */
export function keyIdsOf(key: KeyObject): readonly string[] {
  return [...new Set([...thumbprintsOf(key), libtrustIdOf(key)])];
}

function thumbprintsOf(key: KeyObject): readonly string[] {
  const { kty, crv, e, n, x = '', y } = key.export({ format: 'jwk' });
  switch (kty) {
    case 'RSA':
      return [thumbprint({ e, kty, n })];
    case 'EC':
      // distribution leaves the zeros out with which a coordinate may begin.
      return [
        thumbprint({ crv, kty, x, y }),
        thumbprint({ crv, kty, x: withoutZeros(x), y: withoutZeros(y ?? '') }),
      ];
    case 'OKP':
      return [thumbprint({ crv, kty, x })];
    case undefined:
    default:
      return [];
  }
}

function thumbprint(members: Readonly<Record<string, string | undefined>>): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

function withoutZeros(encoded: string): string {
  const bytes = Buffer.from(encoded, 'base64url');
  const start = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(Math.max(start, 0)).toString('base64url');
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LIBTRUST_BYTES = 30;

/** The first 240 bits of the hash of the key, in base32, in groups of four. */
function libtrustIdOf(key: KeyObject): string {
  const der = key.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(der).digest().subarray(0, LIBTRUST_BYTES);
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = bits.match(/.{5}/g)!.map((five) => BASE32[Number.parseInt(five, 2)]);
  return letters.join('').match(/.{4}/g)!.join(':');
}
