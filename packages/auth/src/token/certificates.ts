import { X509Certificate, type KeyObject } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Leaf included. */
const LONGEST_CHAIN = 6;

/**
 * Reads the certificates of a PEM bundle, and passes over what else is there.
 *
 * @throws Error when one is malformed.
 */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  return [...pem.matchAll(CERTIFICATE)].map(([block]) => new X509Certificate(block));
}

export interface ChainOptions {
  readonly roots: readonly X509Certificate[];
  readonly now: Date;
}

/**
 * The key of the first certificate, if certificates that may sign others lead from it to a root, all of them valid now.
 * Key usages, names and lengths of paths are not looked at: whoever may sign any certificate below a root may sign
 * tokens as well.
 *
 * @param encoded Base64 of DER, the signing certificate first, as in the `x5c` header.
 * @returns `undefined` when there is no such chain.
 * @see RFC 7515, section 4.1.6.
 */
export function verifyChain(encoded: unknown, options: ChainOptions): KeyObject | undefined {
  const chain = decodeChain(encoded);
  const [leaf, ...intermediates] = chain ?? [];
  if (leaf === undefined || !leadsToRoot(leaf, intermediates, options)) return undefined;
  return leaf.publicKey;
}

function decodeChain(encoded: unknown): readonly X509Certificate[] | undefined {
  if (!Array.isArray(encoded) || encoded.length > LONGEST_CHAIN) return undefined;
  try {
    return encoded.map((certificate) => {
      if (typeof certificate !== 'string') throw new TypeError('expected base64');
      return new X509Certificate(Buffer.from(certificate, 'base64'));
    });
  } catch {
    return undefined;
  }
}

/** Goes from issuer to issuer, to each but once: whoever made the chain must not decide how long that takes. */
function leadsToRoot(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  { roots, now }: ChainOptions,
): boolean {
  if (!isValidAt(leaf, now)) return false;
  if (roots.some((root) => root.raw.equals(leaf.raw))) return true;
  const anchors = roots.filter((root) => isValidAt(root, now));
  const unseen = new Set(intermediates.filter((certificate) => isValidAt(certificate, now)));
  const reached = [leaf];
  for (const certificate of reached) {
    if (anchors.some((root) => signed(root, certificate))) return true;
    for (const issuer of unseen) {
      if (!signed(issuer, certificate)) continue;
      unseen.delete(issuer);
      reached.push(issuer);
    }
  }
  return false;
}

function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  if (!issuer.ca || !certificate.checkIssued(issuer)) return false;
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}
