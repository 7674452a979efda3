import type { Clock } from '../clock.ts';
import { OutboxError } from '../errors.ts';
import type { Notification } from '../event.ts';
import type { NotifierObserver } from '../observer.ts';
import type { MemoryBounds } from '../sinks/queue.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Cursor } from './cursor.ts';
import { DeadLetters } from './dead-letters.ts';
import { DirectoryLock } from './directory-lock.ts';
import { Feed } from './feed.ts';
import type { FileSystem } from './file-system.ts';
import { Journal } from './journal.ts';
import { outboxLayout, type OutboxLayout } from './layout.ts';
import { placeCursors, readCursors } from './open-cursors.ts';

/** Where events wait on disk. */
export interface OutboxOptions {
  /** Made if it is not there. Of one process at a time, and best on a local disk. */
  readonly directory: string;
  /** The most bytes of waiting events; beyond, the oldest are dropped. At least 65,536. Default: 256 MiB. */
  readonly maximumBytes?: number | undefined;
  /** The most waiting events; beyond, the oldest are dropped. At least 16. Default: 1,000,000. */
  readonly maximumEvents?: number | undefined;
  /** The most bytes of dead letters of one endpoint; beyond, the oldest are dropped. Default: 16 MiB. */
  readonly maximumDeadLetterBytes?: number | undefined;
  /** Whether an accepted event survives a loss of power, not only the end of the process. Default: `false`. */
  readonly durable?: boolean | undefined;
}

export interface OpenOutboxOptions extends OutboxOptions {
  readonly memory: MemoryBounds;
  /** What stands behind each endpoint, by its name. */
  readonly sinks: ReadonlyMap<string, (bury: Bury) => Sink>;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly observer: NotifierObserver;
}

/** @returns Whether the dead letter is kept. */
export type Bury = (notification: Notification) => Promise<boolean>;

/** How often the outbox looks for requests to redeliver, and tries a disk that failed. */
const LOOK_MS = 2000;

/** Lets notifications wait on disk until each endpoint has taken them. */
export class Outbox implements Sink {
  readonly #lock: DirectoryLock;
  readonly #journal: Journal;
  readonly #feeds: ReadonlyMap<string, Feed>;
  readonly #deadLetters: DeadLetters;
  readonly #options: OpenOutboxOptions;

  private constructor(parts: OutboxParts, options: OpenOutboxOptions) {
    this.#lock = parts.lock;
    this.#journal = parts.journal;
    this.#deadLetters = parts.deadLetters;
    this.#options = options;
    this.#feeds = new Map(
      [...parts.cursors].map(([endpoint, cursor]) => [
        endpoint,
        this.#createFeed(endpoint, cursor),
      ]),
    );
  }

  /**
   * Opens an outbox where it was left. An endpoint that is new begins at the present; what waited for one that is not
   * given any more is let go of.
   *
   * @throws OutboxError `OUTBOX_IN_USE` when another process has it; `OUTBOX_UNUSABLE`, with the cause.
   */
  static async open(options: OpenOutboxOptions): Promise<Outbox> {
    const { directory, files } = options;
    const layout = outboxLayout(directory);
    let lock;
    try {
      for (const path of Object.values(layout.directories)) {
        await files.mkdir(path, { recursive: true });
      }
      lock = await DirectoryLock.acquire(directory);
      return new Outbox(await openParts(lock, layout, options), options);
    } catch (error) {
      lock?.[Symbol.dispose]();
      if (OutboxError.is(error)) throw error;
      throw new OutboxError('OUTBOX_UNUSABLE', { directory, cause: error });
    }
  }

  /**
   * Settles when the notification is in the outbox, or has to wait in memory for the disk. One of a repository that takes
   * too much of the outbox is dropped instead of those of others. Never rejects.
   */
  async write(notification: Notification): Promise<void> {
    const { repository } = notification.event.target;
    if (this.#journal.isCrowdedBy(repository)) return this.#reportDropped();
    await this.#journal.append(JSON.stringify(notification), repository);
  }

  #reportDropped(): void {
    for (const endpoint of this.#feeds.keys()) {
      this.#options.observer({ kind: 'dropped', endpoint, events: 1, reason: 'overflow' });
    }
  }

  /** Events that an endpoint has not got, as far as is known without reading them. */
  pending(endpoint: string): number {
    return this.#feeds.get(endpoint)?.size ?? 0;
  }

  /** Events that an endpoint has missed since the outbox was made. */
  dropped(endpoint: string): number {
    return this.#feeds.get(endpoint)?.cursor.dropped ?? 0;
  }

  /** Delivers until the signal is aborted or, after `finish`, nothing is left. */
  async run(signal: AbortSignal): Promise<void> {
    const delivering = new AbortController();
    const looking = this.#look(AbortSignal.any([signal, delivering.signal]));
    await Promise.allSettled([...this.#feeds.values()].map((feed) => feed.run(signal)));
    delivering.abort();
    await looking;
  }

  finish(): void {
    for (const feed of this.#feeds.values()) feed.finish();
  }

  /** Saves positions and lets go of the directory. */
  async close(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map(({ cursor }) => cursor.settle()));
    await this.#release();
    await this.#journal.close();
    this.#lock[Symbol.dispose]();
  }

  #createFeed(endpoint: string, cursor: Cursor): Feed {
    const { sinks, files, clock, observer } = this.#options;
    const createSink = sinks.get(endpoint);
    if (createSink === undefined) throw new TypeError(`no such endpoint: ${endpoint}`);
    const sink = createSink((notification) => this.#deadLetters.bury(endpoint, notification));
    return new Feed(sink, {
      endpoint,
      journal: this.#journal,
      cursor,
      files,
      clock,
      observer,
      onProgress: () => this.#release(),
    });
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, observer } = this.#options;
    while (!signal.aborted) {
      await this.#journal.flush();
      try {
        await this.#redeliver();
      } catch (error) {
        observer({ kind: 'outbox-failed', operation: 'redeliver', error });
      }
      await clock.wait(LOOK_MS, signal).catch(() => {});
    }
  }

  async #redeliver(): Promise<void> {
    await this.#deadLetters.collect(async (entries) => {
      for (const entry of entries) {
        await this.#journal.append(JSON.stringify(entry), entry.event.target.repository);
      }
      const endpoint = entries[0]?.only;
      if (endpoint === undefined) return;
      this.#options.observer({ kind: 'redelivering', endpoint, events: entries.length });
    });
  }

  /** Lets go of what every endpoint has passed for good. */
  async #release(): Promise<void> {
    let least = Infinity;
    for (const { cursor } of this.#feeds.values()) least = Math.min(least, cursor.saved);
    await this.#journal.release(least);
  }
}

interface OutboxParts {
  readonly lock: DirectoryLock;
  readonly journal: Journal;
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly deadLetters: DeadLetters;
}

async function openParts(
  lock: DirectoryLock,
  layout: OutboxLayout,
  options: OpenOutboxOptions,
): Promise<OutboxParts> {
  const { sinks, files, clock, observer, memory } = options;
  const { maximumDeadLetterBytes, ...limits } = resolveLimits(options);
  const cursorsOptions = { layout, endpoints: [...sinks.keys()], files, observer };
  const known = await readCursors(cursorsOptions);
  let least = 0;
  for (const cursor of known.values()) least = Math.max(least, cursor?.next ?? 0);
  const { events: directory } = layout.directories;
  const journal = await Journal.open(
    { ...limits, directory, memory, files, clock, observer },
    least,
  );
  const cursors = await placeCursors(known, journal, cursorsOptions);
  const maximumBytes = maximumDeadLetterBytes;
  return {
    lock,
    journal,
    cursors,
    deadLetters: new DeadLetters({ layout, maximumBytes, files, observer }),
  };
}

/** @throws TypeError when an option could not work. */
export function resolveLimits(options: OutboxOptions) {
  return {
    maximumBytes: atLeast(65_536, 'maximumBytes', options.maximumBytes ?? 256 * 1024 * 1024),
    maximumEvents: atLeast(16, 'maximumEvents', options.maximumEvents ?? 1_000_000),
    maximumDeadLetterBytes: options.maximumDeadLetterBytes ?? 16 * 1024 * 1024,
    durable: options.durable ?? false,
  };
}

function atLeast(least: number, option: string, value: number): number {
  if (value >= least) return value;
  throw new TypeError(`outbox.${option} must be at least ${least}: ${value}`);
}
