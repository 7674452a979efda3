import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** 240 bits: what divides into twelve groups of four letters. */
const ID_BYTES = 30;

/**
 * The name that libtrust gives to a key: `ABCD:EFGH:…`, twelve groups made of the SHA-256 of the public key.
 *
 * @param key A public key, or a private one, whose public half is named.
 * @see libtrust, util.go, `keyIDFromCryptoKey`.
 */
export function keyIdOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(der).digest().subarray(0, ID_BYTES);
  return encodeBase32(hash).match(/.{4}/g)?.join(':') ?? '';
}

/** Base32 of bytes that come in fives, which need no padding. */
function encodeBase32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return bits.replace(/.{5}/g, (five) => ALPHABET.charAt(Number.parseInt(five, 2)));
}
