/**
 * What clients were told is in a repository, and how long they may rely on it: for the grace of the collector, counted
 * from the answer.
 */
export class Promises {
  readonly #graceMs: number;
  readonly #until = new Map<string, number>();

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** A registry has just answered that this is there. */
  told(repository: string, digest: string): void {
    this.#until.set(key(repository, digest), performance.now() + this.#graceMs);
  }

  /** A client is about to delete this. */
  withdraw(repository: string, digest: string): void {
    this.#until.delete(key(repository, digest));
  }

  /**
   * The moment up to which this may be relied on, by `performance.now()`; 0 when it never was told. To be asked before a
   * request is sent: what others are told meanwhile, this request may have come too early for.
   */
  until(repository: string, digest: string): number {
    return this.#until.get(key(repository, digest)) ?? 0;
  }
}

/** Whether an answer that says "not here" breaks a promise that held until then. */
export function isBroken(heldUntil: number): boolean {
  return heldUntil > performance.now();
}

function key(repository: string, digest: string): string {
  return `${repository} ${digest}`;
}
