import { X509Certificate, type KeyObject } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Leaf included. */
const MAXIMUM_CHAIN = 6;
/** In characters of base64; a certificate with the largest key has about 4,000. */
const MAXIMUM_CERTIFICATE = 8 * 1024;
/** Signatures checked for one chain. A chain of the maximum length needs 6, and more only where issuers share a name. */
const MAXIMUM_CHECKS = 16;

/** In bits. */
const MAXIMUM_MODULUS = 8192;
const MAXIMUM_EXPONENT = 2n ** 32n - 1n;
/** The curves that Go's crypto/x509 knows, by the names that OpenSSL gives them. */
const CURVES: ReadonlySet<string | undefined> = new Set([
  'secp224r1',
  'prime256v1',
  'secp384r1',
  'secp521r1',
]);

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
 * The key of the first certificate, if certificates that may sign others lead to it from a root, all of them valid now.
 * Key usages, names and path lengths are not checked: an authority that may sign certificates below a root may sign
 * tokens too.
 *
 * Anyone can send a chain. Therefore it is verified from the roots down: a signature is checked only with a key that
 * is trusted already, and no key of the sender is ever computed with. Without roots nothing is parsed.
 *
 * @param encoded Base64 of DER, the signing certificate first, as in the `x5c` header.
 * @returns `undefined` when there is no such chain.
 * @see RFC 7515, section 4.1.6.
 */
export function verifyChain(encoded: unknown, { roots, now }: ChainOptions): KeyObject | undefined {
  if (roots.length === 0) return undefined;
  const [leaf, ...others] = decodeChain(encoded) ?? [];
  if (leaf === undefined || !isValidAt(leaf, now)) return undefined;
  if (roots.some((root) => root.raw.equals(leaf.raw))) return leaf.publicKey;
  const chain = [leaf, ...others.filter((certificate) => isValidAt(certificate, now))];
  const anchors = roots.filter((root) => isValidAt(root, now));
  return isSignedBelow(anchors, chain) ? leaf.publicKey : undefined;
}

function decodeChain(encoded: unknown): readonly X509Certificate[] | undefined {
  if (!Array.isArray(encoded) || encoded.length > MAXIMUM_CHAIN) return undefined;
  if (!encoded.every(isCertificateText)) return undefined;
  try {
    return encoded.map((text) => new X509Certificate(Buffer.from(text, 'base64')));
  } catch {
    return undefined;
  }
}

function isCertificateText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAXIMUM_CERTIFICATE;
}

/** Whether signatures lead from an anchor to the first certificate of a chain. */
function isSignedBelow(
  anchors: readonly X509Certificate[],
  chain: readonly X509Certificate[],
): boolean {
  const [leaf] = chain;
  const untrusted = new Set(chain);
  const issuers = [...anchors];
  let checks = 0;
  for (const issuer of issuers) {
    for (const certificate of untrusted) {
      if (!issuer.ca || !certificate.checkIssued(issuer)) continue;
      if (++checks > MAXIMUM_CHECKS) return false;
      if (!isSignedBy(certificate, issuer.publicKey)) continue;
      untrusted.delete(certificate);
      if (!isAffordable(certificate.publicKey)) continue;
      if (certificate === leaf) return true;
      issuers.push(certificate);
    }
  }
  return false;
}

function isSignedBy(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    return false;
  }
}

/** Whether a signature can be verified with a key in little time, whoever made the key. */
function isAffordable({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss') {
    return modulusLength <= MAXIMUM_MODULUS && publicExponent <= MAXIMUM_EXPONENT;
  }
  if (asymmetricKeyType === 'ec') return CURVES.has(namedCurve);
  return asymmetricKeyType === 'ed25519';
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}
