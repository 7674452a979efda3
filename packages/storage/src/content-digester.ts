import { CANONICAL_ALGORITHM, Digester, type Digest, type DigestAlgorithm } from '@purser/core';

/** Computes the sha256 of content while it passes by, and a digest of another algorithm when one was announced. */
export class ContentDigester {
  /** The algorithm besides sha256, if it is another. */
  readonly announced: DigestAlgorithm;
  readonly #digesters: ReadonlyMap<DigestAlgorithm, Digester>;

  constructor(announced: DigestAlgorithm = CANONICAL_ALGORITHM) {
    this.announced = announced;
    const algorithms = new Set<DigestAlgorithm>([CANONICAL_ALGORITHM, announced]);
    this.#digesters = new Map([...algorithms].map((name) => [name, new Digester(name)]));
  }

  /** Bytes taken in so far. */
  get size(): number {
    return this.#digesters.get(CANONICAL_ALGORITHM)?.size ?? 0;
  }

  update(content: Uint8Array): void {
    for (const digester of this.#digesters.values()) digester.update(content);
  }

  /** The digest of the bytes so far; `undefined` for an algorithm that was not announced. */
  digest(algorithm: DigestAlgorithm): Digest | undefined {
    return this.#digesters.get(algorithm)?.digest();
  }
}
