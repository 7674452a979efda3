import { encodeBase64Url } from './base64.ts';
import { frameOf } from './canonical-payload.ts';
import { encodeGoJson, type GoMembers } from './go-json.ts';
import { formatGoSeconds } from './go-time.ts';
import type { PublicKey } from './key.ts';
import { parseSignature, signatureMembers, signingInput, type Signature } from './signature.ts';
import type { SigningKey } from './signing-key.ts';

/** What signs, and when. */
export interface Signer {
  readonly signingKey: SigningKey;
  /** The time that signatures say. The current time when absent. */
  readonly now?: (() => Date) | undefined;
}

/**
 * Signs a document. ECDSA makes another signature each time, so that two answers differ; what is signed, and its
 * digest, do not.
 *
 * @see libtrust, jsonsign.go, `Sign`.
 */
export function signCanonical(
  canonical: Uint8Array,
  { signingKey, now = () => new Date() }: Signer,
): Signature {
  const { length, tail } = frameOf(canonical);
  const protectedHeader = encodeGoJson({
    formatLength: length,
    formatTail: encodeBase64Url(Buffer.from(tail)),
    time: formatGoSeconds(now()),
  });
  const protectedText = encodeBase64Url(Buffer.from(protectedHeader));
  const input = signingInput(protectedText, encodeBase64Url(canonical));
  const members = signatureMembers({
    header: headerOf(signingKey),
    signature: encodeBase64Url(signingKey.sign(input)),
    protected: protectedText,
  });
  return parseSignature(JSON.parse(encodeGoJson(members)));
}

function headerOf({ publicKey, algorithm }: SigningKey): GoMembers {
  return new Map<string, PublicKey['jwk'] | string>([
    ['jwk', publicKey.jwk],
    ['alg', algorithm],
  ]);
}
