import type { KeyObject, X509Certificate } from 'node:crypto';
import type { JWTHeaderParameters } from 'jose';
import { verifyChain } from './certificates.ts';
import type { RemoteKeySet } from './remote-key-set.ts';
import type { KeysById, TrustedKey } from './trusted-keys.ts';

/** Whose signatures count. Nothing in a token adds to it. */
export interface Trust {
  /** What certificates in the header of a token must lead to. */
  readonly roots: readonly X509Certificate[];
  readonly keys: KeysById;
  readonly remote?: RemoteKeySet | undefined;
}

/**
 * The key that a token claims to be signed with, if it is trusted: by a chain of certificates to a root, or else by its
 * id. A key in the header is at most a hint, of which the certificates or the id count; `jku` and `x5u` are not read.
 *
 * @see distribution, registry/auth/token/token.go, `VerifySigningKey`. CVE-2025-24976.
 */
export async function signingKeyOf(
  header: JWTHeaderParameters,
  trust: Trust,
  now: Date,
): Promise<KeyObject | undefined> {
  const embedded = header.jwk as { readonly x5c?: unknown; readonly kid?: unknown } | undefined;
  const chain: unknown = header.x5c ?? embedded?.x5c;
  if (chain !== undefined) return verifyChain(chain, { roots: trust.roots, now });
  const id: unknown = embedded === undefined ? header.kid : embedded.kid;
  if (typeof id !== 'string') return undefined;
  const trusted = await find(trust, id);
  const isFit = trusted?.algorithm === undefined || trusted.algorithm === header.alg;
  return isFit ? trusted?.key : undefined;
}

async function find({ keys, remote }: Trust, id: string): Promise<TrustedKey | undefined> {
  return keys.get(id) ?? (await remote?.find(id));
}
