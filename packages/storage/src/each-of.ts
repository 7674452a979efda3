/**
 * Gives what pages hold one by one, at most `limit` of it. A generator would do the same in more words of memory: this
 * makes one promise for each entry, and listings have thousands.
 */
export function eachOf<T>(pages: AsyncIterable<readonly T[]>, limit = Infinity): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new PagedIterator(pages, limit) };
}

class PagedIterator<T> implements AsyncIterator<T, undefined> {
  readonly #pages: AsyncIterator<readonly T[]>;
  #page: readonly T[] = [];
  #position = 0;
  #remaining: number;

  constructor(pages: AsyncIterable<readonly T[]>, limit: number) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.#remaining = limit;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#remaining <= 0) return this.return();
    if (this.#position === this.#page.length) return this.#turn();
    this.#remaining--;
    return Promise.resolve({ done: false, value: this.#page[this.#position++] as T });
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#remaining = 0;
    await this.#pages.return?.();
    return { done: true, value: undefined };
  }

  async #turn(): Promise<IteratorResult<T, undefined>> {
    const { done, value } = await this.#pages.next();
    if (done === true) return { done, value: undefined };
    this.#page = value;
    this.#position = 0;
    return this.next();
  }
}
