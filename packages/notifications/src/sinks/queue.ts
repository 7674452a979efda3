import type { Notification } from '../event.ts';
import type { NotifierObserver } from '../observer.ts';
import { Bell } from '../bell.ts';
import type { Sink } from './sink.ts';

export interface MemoryBounds {
  /** Of the events as JSON. */
  readonly maximumBytes: number;
  readonly maximumEvents: number;
}

export interface QueueOptions extends MemoryBounds {
  /** The name of the endpoint. */
  readonly endpoint: string;
  readonly observer: NotifierObserver;
}

interface Entry {
  readonly notification: Notification;
  readonly bytes: number;
}

/** What waits of one repository. */
interface Share {
  bytes: number;
  events: number;
}

/**
 * Lets notifications wait in memory until the sink behind has taken those before. Beyond its bounds, the oldest of the
 * repository that takes most are dropped, so that a flood pushes out itself.
 */
export class Queue implements Sink {
  readonly #sink: Sink;
  readonly #options: QueueOptions;
  readonly #entries: Entry[] = [];
  readonly #shares = new Map<string, Share>();
  readonly #bell = new Bell();
  #bytes = 0;
  #isClosing = false;

  constructor(sink: Sink, options: QueueOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Notifications that have not arrived. */
  get size(): number {
    return this.#entries.length;
  }

  async write(notification: Notification): Promise<void> {
    const bytes = Buffer.byteLength(JSON.stringify(notification));
    this.#entries.push({ notification, bytes });
    this.#account(notification, bytes, 1);
    this.#enforceBounds();
    this.#bell.ring();
  }

  /** Passes notifications on until the signal is aborted or, after `finish`, nothing is left. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const rings = this.#bell.rings;
      const [first] = this.#entries;
      if (first !== undefined) await this.#pass(first, signal);
      else if (this.#isClosing) return;
      else await this.#bell.next(rings, signal);
    }
  }

  finish(): void {
    this.#isClosing = true;
    this.#bell.ring();
  }

  async #pass(entry: Entry, signal: AbortSignal): Promise<void> {
    await this.#sink.write(entry.notification, { signal });
    // It may have been dropped meanwhile.
    if (this.#entries[0] === entry) this.#remove(0);
  }

  #enforceBounds(): void {
    const { maximumBytes, maximumEvents, endpoint, observer } = this.#options;
    let events = 0;
    while (
      this.#entries.length > 0 &&
      (this.#entries.length > maximumEvents || this.#bytes > maximumBytes)
    ) {
      this.#remove(this.#oldestOf(this.#largest()));
      events += 1;
    }
    if (events > 0) observer({ kind: 'dropped', endpoint, events, reason: 'overflow' });
  }

  /** The repository that takes most of the bound that is exceeded. */
  #largest(): string | undefined {
    const measure = this.#bytes > this.#options.maximumBytes ? 'bytes' : 'events';
    let largest: [repository: string, share: Share] | undefined;
    for (const each of this.#shares) {
      if (largest === undefined || each[1][measure] > largest[1][measure]) largest = each;
    }
    return largest?.[0];
  }

  #oldestOf(repository: string | undefined): number {
    return this.#entries.findIndex(
      ({ notification }) => notification.event.target.repository === repository,
    );
  }

  #remove(index: number): void {
    for (const { notification, bytes } of this.#entries.splice(index, 1)) {
      this.#account(notification, -bytes, -1);
    }
  }

  #account({ event }: Notification, bytes: number, events: number): void {
    const { repository } = event.target;
    const share = this.#shares.get(repository) ?? { bytes: 0, events: 0 };
    this.#shares.set(repository, share);
    this.#bytes += bytes;
    share.bytes += bytes;
    share.events += events;
    if (share.events === 0) this.#shares.delete(repository);
  }
}
