/** What one endpoint has got. */
export class Arrivals {
  readonly #ids = new Set<string>();
  readonly #numbers = new Set<number>();
  #highest = -1;
  #duplicates = 0;
  #outOfOrder = 0;

  add(id: string, number: number): void {
    if (this.#ids.has(id)) {
      this.#duplicates += 1;
      return;
    }
    this.#ids.add(id);
    this.#numbers.add(number);
    if (number < this.#highest) this.#outOfOrder += 1;
    this.#highest = Math.max(this.#highest, number);
  }

  /** Different events. */
  get size(): number {
    return this.#ids.size;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Events that came for the first time after one that happened later. */
  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  missing(accepted: ReadonlySet<number>): number {
    return accepted.size - accepted.intersection(this.#numbers).size;
  }
}
