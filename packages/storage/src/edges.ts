import { NumberList } from './number-list.ts';

/** Which number leads to which others, 8 bytes for each pair: manifests have up to 40,000 references. */
export class Edges {
  /** The last edge of a number, plus one. */
  readonly #last = new Map<number, number>();
  readonly #targets = new NumberList();
  /** The previous edge of the same number, plus one. */
  readonly #previous = new NumberList();

  add(from: number, to: number): void {
    const edge = this.#targets.push(to);
    this.#previous.set(edge, this.#last.get(from) ?? 0);
    this.#last.set(from, edge + 1);
  }

  *of(from: number): Generator<number, undefined> {
    let edge = this.#last.get(from) ?? 0;
    for (; edge !== 0; edge = this.#previous.at(edge - 1)) yield this.#targets.at(edge - 1);
  }
}
