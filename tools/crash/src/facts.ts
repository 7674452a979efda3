/** What was pushed under a digest, and what the registry said to it. */
export class Facts<Item extends { readonly digest: string }> {
  readonly #acknowledged = new Map<string, Item>();
  readonly #inOrder: Item[] = [];
  readonly #inFlight = new Map<string, Item>();
  #unchecked: Item[] = [];

  /** A request that will store this is about to be sent. */
  begin(item: Item): void {
    this.#inFlight.set(item.digest, item);
  }

  /** The registry answered that it is stored: from now on it must be there. */
  acknowledge(item: Item): void {
    this.#inFlight.delete(item.digest);
    if (this.#acknowledged.has(item.digest)) return;
    this.#acknowledged.set(item.digest, item);
    this.#inOrder.push(item);
    this.#unchecked.push(item);
  }

  has(digest: string): boolean {
    return this.#acknowledged.has(digest);
  }

  /** Everything that was acknowledged, in that order. */
  get all(): readonly Item[] {
    return this.#inOrder;
  }

  /** What was acknowledged since this was asked last. */
  takeUnchecked(): readonly Item[] {
    const items = this.#unchecked;
    this.#unchecked = [];
    return items;
  }

  /** What was being sent when the connection was lost. It may be there or not. */
  takeCut(): readonly Item[] {
    const items = [...this.#inFlight.values()].filter(({ digest }) => !this.has(digest));
    this.#inFlight.clear();
    return items;
  }
}
