import {
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto';
import { keyIdsOf } from './key-ids.ts';

/** A public key whose signatures count. */
export interface TrustedKey {
  readonly key: KeyObject;
  /** The one algorithm it is for; any that fits it when absent. */
  readonly algorithm?: string | undefined;
}

export type KeysById = ReadonlyMap<string, TrustedKey>;

/** The public keys of certificates, by every id that a token may name them by. */
export function keysOfCertificates(certificates: readonly X509Certificate[]): KeysById {
  return new Map(
    certificates.flatMap(({ publicKey }) =>
      keyIdsOf(publicKey).map((id) => [id, { key: publicKey }] as const),
    ),
  );
}

/**
 * The public keys of a JWK set that sign, by their `kid` and by their thumbprints. Others are passed over, symmetric
 * ones too: nobody else could hold those.
 *
 * @throws TypeError when it is no JWK set.
 * @see RFC 7517, section 5.
 */
export function parseJwks(document: unknown): KeysById {
  const keys = (document as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError('expected a JWK set: {"keys": […]}');
  return new Map(keys.flatMap(entriesOf));
}

function entriesOf(jwk: unknown): (readonly [id: string, trusted: TrustedKey])[] {
  const key = publicKeyOf(jwk);
  if (key === undefined) return [];
  const { kid, alg } = jwk as { readonly kid?: unknown; readonly alg?: unknown };
  const trusted = { key, algorithm: typeof alg === 'string' ? alg : undefined };
  const ids = typeof kid === 'string' && kid !== '' ? [kid, ...keyIdsOf(key)] : keyIdsOf(key);
  return ids.map((id) => [id, trusted] as const);
}

function publicKeyOf(jwk: unknown): KeyObject | undefined {
  const { kty, use } = (jwk ?? {}) as { readonly kty?: unknown; readonly use?: unknown };
  if (kty === 'oct' || (use !== undefined && use !== 'sig')) return undefined;
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}
