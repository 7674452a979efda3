/** One end of the channel between the primary and a worker, as Node's processes and cluster's workers have it. */
export interface Channel {
  send(message: object, callback: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** What is asked by a name. What it gives must survive JSON. */
export type Handler = (value: unknown) => unknown;

type Envelope =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly value?: unknown }
  | { readonly kind: 'tell'; readonly name: string; readonly value?: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The process at the other end: it can be asked and told things by name, and asks and tells some itself. */
export class Peer {
  readonly #channel: Channel;
  readonly #handlers = new Map<string, Handler>();
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #end: Error | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.on('message', (message) => this.#receive(message as Envelope));
  }

  /** Answers to a name. A name that nobody answers to gives `undefined`. */
  handle(name: string, handler: Handler): void {
    this.#handlers.set(name, handler);
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws Error with the message of what the handler threw, or when the other process has ended.
   */
  call(name: string, value?: unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = this.#calls++;
    this.#waiting.set(id, { resolve, reject });
    this.#send({ kind: 'call', id, name, value });
    return promise;
  }

  /** Says something and does not wait. What is told first arrives first. */
  tell(name: string, value?: unknown): void {
    if (this.#end === undefined) this.#send({ kind: 'tell', name, value });
  }

  /** The other process is gone: nobody will answer any more. */
  end(reason: Error): void {
    this.#end ??= reason;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#end);
    this.#waiting.clear();
  }

  #send(envelope: Envelope): void {
    // One that is gone hears nothing. Who follows it says so by `end`; a worker without its primary ends, and answers nobody.
    this.#channel.send(envelope, () => {});
  }

  #receive(envelope: Envelope): void {
    switch (envelope.kind) {
      case 'call':
        void this.#answer(envelope.id, () => this.#handlers.get(envelope.name)?.(envelope.value));
        return;
      case 'tell':
        this.#handlers.get(envelope.name)?.(envelope.value);
        return;
      case 'answer':
        this.#take(envelope.id)?.resolve(envelope.value);
        return;
      case 'failure':
        this.#take(envelope.id)?.reject(new Error(envelope.message));
    }
  }

  async #answer(id: number, handle: () => unknown): Promise<void> {
    try {
      this.#send({ kind: 'answer', id, value: await handle() });
    } catch (error) {
      this.#send({ kind: 'failure', id, message: (error as Error).message });
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
