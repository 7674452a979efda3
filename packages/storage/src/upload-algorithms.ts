import { CANONICAL_ALGORITHM, type DigestAlgorithm, type RepositoryName } from '@purser/core';

/** Some 300 KiB of names. */
const MAXIMUM_REPOSITORIES = 1_000;

/**
 * The digest algorithm of the last upload to each repository, which the next upload is likely to use as well. Only the
 * latest repositories with another algorithm than sha256 are kept: a wrong guess makes a commit read the content again.
 */
export class UploadAlgorithms {
  readonly #algorithms = new Map<RepositoryName, DigestAlgorithm>();

  /** Number of repositories that are kept. */
  get size(): number {
    return this.#algorithms.size;
  }

  of(name: RepositoryName): DigestAlgorithm {
    return this.#algorithms.get(name) ?? CANONICAL_ALGORITHM;
  }

  remember(name: RepositoryName, algorithm: DigestAlgorithm): void {
    this.#algorithms.delete(name);
    if (algorithm === CANONICAL_ALGORITHM) return;
    this.#algorithms.set(name, algorithm);
    const [oldest] = this.#algorithms.keys();
    if (this.#algorithms.size > MAXIMUM_REPOSITORIES && oldest !== undefined) {
      this.#algorithms.delete(oldest);
    }
  }
}
