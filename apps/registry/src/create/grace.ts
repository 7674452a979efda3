/** The time that the end of a server may take: none, unless it is given. */
export class Grace {
  #end = -Infinity;

  /** From now on. */
  begin(timeoutMs: number): void {
    this.#end = performance.now() + timeoutMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#end - performance.now());
  }
}
