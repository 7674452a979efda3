/** Progress that makes up for failures: who gives less than this each time gives up nothing but our patience. */
const WORTHWHILE = 1024 * 1024;

/** Counts failures of a transfer, so that one that gets nowhere ends, however slowly it gets there. */
export class Attempts {
  readonly #most: number;
  #failures = 0;
  #reached = 0;

  /** @param most Failures in a row, each with less than 1 MiB of progress since the last, that are put up with. */
  constructor(most = 5) {
    this.#most = most;
  }

  /**
   * Notes a failure.
   *
   * @param position How far the transfer came, in bytes.
   * @throws The error, when there were too many.
   */
  fail(error: unknown, position: number): void {
    if (position - this.#reached >= WORTHWHILE) this.#failures = 0;
    this.#reached = Math.max(this.#reached, position);
    this.#failures++;
    if (this.#failures > this.#most) throw error;
  }
}
