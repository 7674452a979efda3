/** Work that several callers wait for. It is aborted when the last of them has left. */
export class SharedWork<T> {
  readonly #result: Promise<T>;
  readonly #departure = new AbortController();
  #callers = 0;

  constructor(start: (signal: AbortSignal) => Promise<T>) {
    this.#result = start(this.#departure.signal);
  }

  /** True if nobody can wait for it any more. */
  get isAborted(): boolean {
    return this.#departure.signal.aborted;
  }

  /** @throws The reason of `signal`, which must not be aborted yet; the failure of the work. */
  wait(signal?: AbortSignal): Promise<T> {
    this.#callers++;
    if (signal === undefined) return this.#result;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--this.#callers === 0) this.#departure.abort(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      const stay = () => signal.removeEventListener('abort', leave);
      this.#result.then(resolve, reject).finally(stay);
    });
  }
}
