import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { JsonObject } from '@purser/core';
import { decodeBase64, decodeBase64Url, encodeBase64Url } from './base64.ts';
import { unverified } from './complaint.ts';
import type { GoObject } from './go-json.ts';
import { keyIdOf } from './key-id.ts';

/** A key that signatures are verified with. */
export interface PublicKey {
  /** See `keyIdOf`. */
  readonly id: string;
  readonly object: KeyObject;
  /** The JWK as libtrust writes it: with its id, and whatever else stood in it. */
  readonly jwk: GoObject;
  /** The hash of each signature algorithm that the key can be used with; the first is what it signs with. */
  readonly hashes: ReadonlyMap<string, string>;
  /** The length of a signature in bytes. */
  readonly signatureLength: number;
}

interface Curve {
  readonly coordinateLength: number;
  readonly algorithm: string;
  readonly hash: string;
}

const CURVES: ReadonlyMap<unknown, Curve> = new Map([
  ['P-256', { coordinateLength: 32, algorithm: 'ES256', hash: 'sha256' }],
  ['P-384', { coordinateLength: 48, algorithm: 'ES384', hash: 'sha384' }],
  ['P-521', { coordinateLength: 66, algorithm: 'ES512', hash: 'sha512' }],
]);

const RSA_HASHES: ReadonlyMap<string, string> = new Map([
  ['RS256', 'sha256'],
  ['RS384', 'sha384'],
  ['RS512', 'sha512'],
]);

/** Below, keys can be broken; above, they only cost time. In bits. */
const MINIMUM_MODULUS = 1024;
const MAXIMUM_MODULUS = 8192;

/** In bytes. */
const MAXIMUM_EXPONENT = 4;

/** In characters; the certificate of the largest key has about 3,000. */
const MAXIMUM_CERTIFICATE = 16 * 1024;

/**
 * Reads the key that came with a signature. Nothing is computed with it before it is known to be of a sane size.
 *
 * @throws RegistryError `MANIFEST_UNVERIFIED` when it is none that signatures are verified with.
 * @see RFC 7518, section 6.
 */
export function parsePublicKey(jwk: JsonObject): PublicKey {
  if (Object.hasOwn(jwk, 'd')) throw unverified('the key of a signature is a private key');
  const key = parseByType(jwk);
  if (jwk['kid'] !== undefined && jwk['kid'] !== key.id) {
    throw unverified('the key of a signature is not the one that its kid names');
  }
  return key;
}

function parseByType(jwk: JsonObject): PublicKey {
  if (jwk['kty'] === 'EC') return parseEcKey(jwk);
  if (jwk['kty'] === 'RSA') return parseRsaKey(jwk);
  throw unverified('the key of a signature is of no supported type: expected EC or RSA');
}

function parseEcKey(jwk: JsonObject): PublicKey {
  const { crv, x, y } = jwk;
  const curve = CURVES.get(crv);
  if (curve === undefined) throw unverified('the curve of a key is not P-256, P-384 or P-521');
  const { coordinateLength, algorithm, hash } = curve;
  const coordinates = [x, y].map((value) => decodeBounded(value, coordinateLength));
  if (coordinates.some((bytes) => bytes?.length !== coordinateLength)) {
    throw unverified(`a coordinate of a key is not ${coordinateLength} bytes long`);
  }
  return createKey(jwk, {
    essential: { kty: 'EC', crv: crv as string, x: x as string, y: y as string },
    hashes: new Map([[algorithm, hash]]),
    signatureLength: 2 * coordinateLength,
  });
}

function parseRsaKey(jwk: JsonObject): PublicKey {
  const n = withoutLeadingZeros(decodeBounded(jwk['n'], MAXIMUM_MODULUS / 8));
  const bits = bitLength(n);
  if (bits < MINIMUM_MODULUS || !isOdd(n)) {
    throw unverified(`an RSA modulus is not of ${MINIMUM_MODULUS} to ${MAXIMUM_MODULUS} bits`);
  }
  const e = withoutLeadingZeros(decodeBounded(jwk['e'], MAXIMUM_EXPONENT));
  if (!isOdd(e) || bitLength(e) < 2) throw unverified('an RSA exponent is not valid');
  return createKey(jwk, {
    essential: { kty: 'RSA', n: encodeBase64Url(n), e: encodeBase64Url(e) },
    hashes: RSA_HASHES,
    signatureLength: n.length,
  });
}

interface KeyParts extends Pick<PublicKey, 'hashes' | 'signatureLength'> {
  readonly essential: Readonly<Record<string, string>>;
}

function createKey(jwk: JsonObject, parts: KeyParts): PublicKey {
  const { essential, hashes, signatureLength } = parts;
  const object = importKey(essential);
  const id = keyIdOf(object);
  return {
    id,
    object,
    jwk: { ...(jwk as GoObject), ...essential, kid: id },
    hashes,
    signatureLength,
  };
}

function importKey(jwk: Readonly<Record<string, string>>): KeyObject {
  try {
    // Refuses points that are not on their curve.
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (error) {
    throw unverified('the key of a signature is not valid', error);
  }
}

/** Decodes base64url, unless it is longer than `length` bytes could be. */
function decodeBounded(value: unknown, length: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > Math.ceil((length * 4) / 3)) return undefined;
  return decodeBase64Url(value);
}

function withoutLeadingZeros(bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first === -1 ? bytes.length : first);
}

function bitLength([first = 0, ...rest]: Uint8Array): number {
  return rest.length * 8 + (32 - Math.clz32(first));
}

function isOdd(bytes: Uint8Array): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1;
}

/**
 * The key of a certificate, whoever issued it and whenever it was valid.
 *
 * @param text DER in base64.
 * @throws RegistryError `MANIFEST_UNVERIFIED` when it is no certificate, or its key none to verify with.
 */
export function parseCertificateKey(text: string): PublicKey {
  const der = text.length > MAXIMUM_CERTIFICATE ? undefined : decodeBase64(text);
  if (der === undefined) throw unverified('a certificate is too long, or not base64');
  return parsePublicKey(exportCertificateKey(der));
}

function exportCertificateKey(der: Uint8Array): JsonObject {
  try {
    const certificate = new X509Certificate(der);
    // It would read PEM too, and not look at what follows the certificate.
    if (!certificate.raw.equals(der)) throw new TypeError('not a single certificate');
    return { ...certificate.publicKey.export({ format: 'jwk' }) };
  } catch (error) {
    throw unverified('the certificate of a signature is not valid', error);
  }
}
