import type { Origin } from './fair-queue.ts';
import {
  Places,
  type Place,
  type PlacesOptions,
  type Shortage,
  type TakeOptions,
} from './places.ts';

/** How long a transfer can keep its place without moving while a request of a client with fewer places waits. */
const BRIEFLY_MS = 500;

/** The same while any other request waits. */
const STALLED_MS = 5_000;

/** How often transfers are looked at while places are scarce. */
const LOOK_EVERY_MS = 250;

/** A request with a place that can wait for its client. */
export interface Transfer extends Origin {
  /** How long the client has kept the server waiting, in milliseconds, as far as earlier looks tell. */
  look(): number;
  /** Ends it, and with it its place. */
  cut(): void;
}

interface Stalled {
  readonly transfer: Transfer;
  readonly forMs: number;
}

/**
 * Places for requests that can wait for their clients in the middle of the work. A transfer keeps its place for as long
 * as its client takes, unless others wait for one: then the client with the most places, and of its connections the one
 * with the most transfers, loses those first that have stood still for longest.
 *
 * Transfers are looked at before the last places are taken: once a request waits, it is known which transfers stand still.
 */
export class Transfers {
  readonly #places: Places;
  readonly #running = new Set<Transfer>();
  /** As seen at the last look, those to cut first come first. */
  #stalled: Stalled[] = [];
  /** Transfers of each connection, as seen then. */
  #onConnection = new Map<object, number>();
  #lookedAt = -Infinity;
  /** The waiting requests that a transfer was cut for since then. */
  #helped = new WeakSet<object>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PlacesOptions) {
    this.#places = new Places(options);
  }

  get taken(): number {
    return this.#places.taken;
  }

  /** Takes a place as `Places` does. */
  take(transfer: Transfer, options: TakeOptions): Place | Promise<Place> {
    const place = this.#places.take(transfer, options);
    if (this.#places.areScarce) this.#look();
    if (!(place instanceof Promise)) return this.#watch(transfer, place);
    this.#relieve();
    return place.then((taken) => this.#watch(transfer, taken));
  }

  #watch(transfer: Transfer, place: Place): Place {
    this.#running.add(transfer);
    return {
      identify: () => place.identify(),
      [Symbol.dispose]: () => {
        this.#running.delete(transfer);
        place[Symbol.dispose]();
      },
    };
  }

  /** Cuts transfers that stand still, now and as long as requests wait. */
  #relieve(): void {
    this.#look();
    this.#cut();
    this.#timer ??= setInterval(() => {
      if (this.#places.waiting > 0) return this.#relieve();
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, LOOK_EVERY_MS).unref();
  }

  /** Cuts a transfer for each request that waits, as far as there are any that have stood still for long enough. */
  #cut(): void {
    for (const shortage of this.#places.shortages()) {
      if (this.#helped.has(shortage.waiter)) continue;
      this.#helped.add(shortage.waiter);
      const found = this.#stalled.findIndex(({ transfer }) => isFor(shortage, transfer));
      const stalled = this.#stalled[found];
      if (stalled === undefined || !this.#loses(stalled, shortage)) continue;
      this.#stalled.splice(found, 1);
      stalled.transfer.cut();
    }
  }

  #loses({ transfer, forMs }: Stalled, shortage: Shortage): boolean {
    // It may have ended, or moved on.
    if (!this.#running.has(transfer) || transfer.look() === 0) return false;
    return forMs >= STALLED_MS || this.#hasMore(transfer, shortage);
  }

  /** Whether the client of a transfer has more places than the client that waits; of one client, the connection. */
  #hasMore(transfer: Transfer, { client, connection, weight }: Shortage): boolean {
    if (transfer.client !== client) {
      return this.#places.takenBy(transfer.client) > this.#places.takenBy(client) + weight;
    }
    return this.#countOn(transfer.connection) > this.#countOn(connection) + 1;
  }

  #countOn(connection: object): number {
    return this.#onConnection.get(connection) ?? 0;
  }

  #look(): void {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    this.#helped = new WeakSet();
    this.#onConnection = new Map();
    const stalled: Stalled[] = [];
    for (const transfer of this.#running) {
      const { connection } = transfer;
      this.#onConnection.set(connection, this.#countOn(connection) + 1);
      const forMs = transfer.look();
      if (forMs >= BRIEFLY_MS) stalled.push({ transfer, forMs });
    }
    this.#stalled = stalled.toSorted(
      ({ transfer: a, forMs: aMs }, { transfer: b, forMs: bMs }) =>
        this.#places.takenBy(b.client) - this.#places.takenBy(a.client) ||
        this.#countOn(b.connection) - this.#countOn(a.connection) ||
        bMs - aMs,
    );
  }
}

/** Whether a request can use the place of a transfer. */
function isFor({ client, isOfShare }: Shortage, transfer: Transfer): boolean {
  return !isOfShare || transfer.client === client;
}
