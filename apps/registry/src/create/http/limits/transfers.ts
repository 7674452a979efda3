import type { Exchange } from './exchange.ts';
import { Places, type Place, type PlacesOptions, type TakeOptions } from './places.ts';

/** How long a client can keep its transfer waiting while another request needs the place. */
const STALLED_MS = 5_000;

/** How often transfers are looked at while requests wait for their places. */
const LOOK_EVERY_MS = 500;

/**
 * Places for requests that can wait for their clients in the middle of the work. A transfer keeps its place for as long
 * as its client takes, unless others wait for one: then the client with the most places, and of its connections the one
 * with the most transfers, loses those first that have stood still for longest.
 */
export class Transfers {
  readonly #places: Places;
  readonly #running = new Set<Exchange>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PlacesOptions) {
    this.#places = new Places(options);
  }

  get taken(): number {
    return this.#places.taken;
  }

  /** Takes a place as `Places` does. */
  take(exchange: Exchange, options: TakeOptions): Place | Promise<Place> {
    const place = this.#places.take(exchange, options);
    if (!(place instanceof Promise)) return this.#watch(exchange, place);
    this.#relieve();
    return place.then((taken) => this.#watch(exchange, taken));
  }

  #watch(exchange: Exchange, place: Place): Place {
    this.#running.add(exchange);
    return {
      identify: () => place.identify(),
      [Symbol.dispose]: () => {
        this.#running.delete(exchange);
        place[Symbol.dispose]();
      },
    };
  }

  /** Cuts what stands still, now and as long as requests wait. */
  #relieve(): void {
    if (this.#timer !== undefined) return;
    this.#cut();
    this.#timer = setInterval(() => {
      if (this.#places.waiting > 0) return this.#cut();
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, LOOK_EVERY_MS).unref();
  }

  /** Cuts a transfer for each request that waits, as far as there are any that stand still. */
  #cut(): void {
    const stalled = this.#stalled();
    for (const client of this.#places.shortages()) {
      const index = stalled.findIndex((it) => client === undefined || it.client === client);
      if (index >= 0) stalled.splice(index, 1)[0]!.cut();
    }
  }

  /** Those to cut first come first. */
  #stalled(): Exchange[] {
    const onConnection = new Map<object, number>();
    const stalledMs = new Map<Exchange, number>();
    for (const exchange of this.#running) {
      const { connection } = exchange;
      onConnection.set(connection, (onConnection.get(connection) ?? 0) + 1);
      const waited = exchange.look();
      if (waited >= STALLED_MS) stalledMs.set(exchange, waited);
    }
    const ranked = [...stalledMs].toSorted(
      ([a, aMs], [b, bMs]) =>
        this.#places.takenBy(b.client) - this.#places.takenBy(a.client) ||
        onConnection.get(b.connection)! - onConnection.get(a.connection)! ||
        bMs - aMs,
    );
    return ranked.map(([exchange]) => exchange);
  }
}
