import { createHash, type Hash } from 'node:crypto';
import { Transform } from 'node:stream';
import { RegistryError } from './errors.ts';

/**
 * A name made from content: `sha256:<64 lower-case hex digits>`. Always well formed; its algorithm may be one that
 * this package cannot compute (see `isSupportedDigest`).
 *
 * @see OCI image-spec, descriptor.md, "Digests".
 */
export type Digest = string & { readonly '@purser/digest': true };

/** Hex digits of each algorithm that can be computed. */
const ENCODED_LENGTHS = { sha256: 64, sha384: 96, sha512: 128 } as const;

/** Hex digits of algorithms that are registered but cannot be computed here. */
const OTHER_ENCODED_LENGTHS = { blake3: 64 };

const KNOWN_LENGTHS = new Map(Object.entries({ ...ENCODED_LENGTHS, ...OTHER_ENCODED_LENGTHS }));

export type DigestAlgorithm = keyof typeof ENCODED_LENGTHS;

/** The algorithm under which content is stored, whatever it was pushed by. */
export const CANONICAL_ALGORITHM = 'sha256';

/** No registered algorithm comes near; keeps hostile names short before they are looked at. */
const MAXIMUM_LENGTH = 512;
const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/;
const LOWER_HEX = /^[0-9a-f]+$/;

/**
 * Reads a digest.
 *
 * @throws RegistryError `DIGEST_INVALID` when the text is no digest, or the wrong length or alphabet for its algorithm.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RegistryError('DIGEST_INVALID', {
    message: 'malformed digest: expected an algorithm, a colon and lower-case hex digits',
    detail: { digest: text.slice(0, MAXIMUM_LENGTH) },
  });
}

export function isDigest(text: string): text is Digest {
  if (text.length > MAXIMUM_LENGTH || !GRAMMAR.test(text)) return false;
  const colon = text.indexOf(':');
  const encoded = text.slice(colon + 1);
  const length = KNOWN_LENGTHS.get(text.slice(0, colon));
  return length === undefined || (encoded.length === length && LOWER_HEX.test(encoded));
}

export function isSupportedAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(ENCODED_LENGTHS, text);
}

/** Whether content can be checked against the digest: only such content can be stored. */
export function isSupportedDigest(digest: Digest): boolean {
  return isSupportedAlgorithm(algorithmOf(digest));
}

/**
 * The algorithm of a digest that content can be checked against.
 *
 * @throws RegistryError `DIGEST_INVALID` when it is another one.
 */
export function supportedAlgorithmOf(digest: Digest): DigestAlgorithm {
  const algorithm = algorithmOf(digest);
  if (isSupportedAlgorithm(algorithm)) return algorithm;
  throw new RegistryError('DIGEST_INVALID', {
    message: `unsupported digest algorithm ${algorithm}: use ${Object.keys(ENCODED_LENGTHS).join(', ')}`,
    detail: { digest },
  });
}

/** The part before the colon. */
export function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The part after the colon. */
export function encodedOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

export function digestOf(
  content: Uint8Array,
  algorithm: DigestAlgorithm = CANONICAL_ALGORITHM,
): Digest {
  return new Digester(algorithm).update(content).digest();
}

/** Computes a digest while content passes by. */
export class Digester {
  readonly algorithm: DigestAlgorithm;
  #size = 0;
  readonly #hash: Hash;

  constructor(algorithm: DigestAlgorithm = CANONICAL_ALGORITHM, hash = createHash(algorithm)) {
    this.algorithm = algorithm;
    this.#hash = hash;
  }

  /** Bytes taken in so far. */
  get size(): number {
    return this.#size;
  }

  update(content: Uint8Array): this {
    this.#hash.update(content);
    this.#size += content.byteLength;
    return this;
  }

  /** The digest of the bytes so far; more may follow. */
  digest(): Digest {
    return `${this.algorithm}:${this.#hash.copy().digest('hex')}` as Digest;
  }
}

/**
 * Passes bytes through and fails at their end when they are not what the digest names, so that a reader that waits for
 * the end never takes wrong content for right.
 *
 * The stream is destroyed with RegistryError `DIGEST_INVALID` on a mismatch.
 *
 * @throws RegistryError `DIGEST_INVALID` at once when the algorithm is not supported.
 */
export function verifyingStream(expected: Digest): Transform {
  const digester = new Digester(supportedAlgorithmOf(expected));
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      digester.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(digester.digest() === expected ? null : contentMismatch(expected));
    },
  });
}

/** The error for content that is not what its digest says. */
export function contentMismatch(expected: Digest): RegistryError {
  return new RegistryError('DIGEST_INVALID', {
    message: `content does not match ${expected}`,
    detail: { digest: expected },
  });
}
