import { RegistryError } from '@purser/core';
import { FairQueue, type Origin } from './fair-queue.ts';

export interface PlacesOptions {
  /** How much can be taken at a time: requests, or bytes. */
  readonly places: number;
  /** Percentage of the places, and of the queue, that one client can have. */
  readonly clientShare: number;
  /** Percentage of the places that one client can have for requests without a verified user. */
  readonly anonymousShare: number;
  /** How many requests can wait. */
  readonly queue: number;
  /** How long a request can wait, in milliseconds. */
  readonly waitMs: number;
  /** The configuration key of `places`, for messages. */
  readonly key: string;
}

export interface TakeOptions {
  /** Ends the wait: the promise rejects with the reason of the signal. */
  readonly signal: AbortSignal;
  /** Places to take. More than one client can have counts as that much. Default: 1. */
  readonly weight?: number | undefined;
  /** Whether the user needs no verification. Default: `false`, until the place is told otherwise. */
  readonly isIdentified?: boolean | undefined;
}

/** Disposing of a place gives it back; doing so again does nothing. */
export interface Place extends Disposable {
  /** Called when the user is verified: the place no longer counts towards the share of anonymous requests. */
  identify(): void;
}

/** A request that waits for a place. */
export interface Shortage extends Origin {
  /** The identity of the request. */
  readonly waiter: object;
  readonly weight: number;
  /** Whether there are places, and the share of the client is taken. */
  readonly isOfShare: boolean;
}

interface Waiter extends Origin {
  readonly weight: number;
  readonly isIdentified: boolean;
  enter(): void;
  refuse(error: RegistryError): void;
}

interface Taken {
  /** All of a client. */
  total: number;
  /** Those without a verified user. */
  anonymous: number;
}

/** Percentage of the places. */
const SCARCE = 80;

type Demand = Pick<Waiter, 'client' | 'weight' | 'isIdentified'>;

/**
 * Places for concurrent work, with a share for each client, and a fair queue for them: a free place goes to the waiting
 * client that has fewest. When the queue, or the share of
 * one client in it, is full, the newest request of the connection with the most requests is refused, which is not
 * always the one that has just come.
 */
export class Places {
  readonly #options: PlacesOptions;
  readonly #clients = new Map<string, Taken>();
  readonly #queue = new FairQueue<Waiter>();
  #taken = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Places that a client has. */
  takenBy(client: string): number {
    return this.#clients.get(client)?.total ?? 0;
  }

  /**
   * Takes a place.
   *
   * @returns A promise only if there is a wait.
   * @throws RegistryError `TOOMANYREQUESTS` when the queue is full, or the wait too long.
   */
  take(origin: Origin, options: TakeOptions): Place | Promise<Place> {
    const { signal, isIdentified = false } = options;
    const weight = Math.min(options.weight ?? 1, this.#shareOf(isIdentified));
    const demand = { ...origin, weight, isIdentified };
    if (this.#fits(demand)) return this.#enter(demand);
    return this.#wait(demand, signal);
  }

  /** Whether so much is taken that requests may have to wait soon. */
  get areScarce(): boolean {
    return this.#taken * 100 > this.#options.places * SCARCE;
  }

  /** The waiting requests. */
  *shortages(): Iterable<Shortage> {
    for (const waiter of this.#queue) {
      const { client, connection, weight } = waiter;
      const isOfShare = this.#taken + weight <= this.#options.places;
      yield { waiter, client, connection, weight, isOfShare };
    }
  }

  #shareOf(isIdentified: boolean): number {
    const { places, clientShare, anonymousShare } = this.#options;
    const percentage = isIdentified ? clientShare : Math.min(clientShare, anonymousShare);
    return Math.max(1, Math.floor((places * percentage) / 100));
  }

  #fits({ client, weight, isIdentified }: Demand): boolean {
    if (this.#taken + weight > this.#options.places) return false;
    const { total, anonymous } = this.#clients.get(client) ?? NOTHING;
    if (total + weight > this.#shareOf(true)) return false;
    return isIdentified || anonymous + weight <= this.#shareOf(false);
  }

  #enter({ client, weight, isIdentified }: Demand): Place {
    const taken = this.#clients.get(client) ?? { total: 0, anonymous: 0 };
    this.#clients.set(client, taken);
    this.#taken += weight;
    taken.total += weight;
    let anonymous = isIdentified ? 0 : weight;
    taken.anonymous += anonymous;
    const identify = () => {
      taken.anonymous -= anonymous;
      if (anonymous > 0) this.#serveQueue();
      anonymous = 0;
    };
    let isGivenBack = false;
    return {
      identify,
      [Symbol.dispose]: () => {
        if (isGivenBack) return;
        isGivenBack = true;
        this.#taken -= weight;
        taken.total -= weight;
        taken.anonymous -= anonymous;
        anonymous = 0;
        if (taken.total === 0) this.#clients.delete(client);
        this.#serveQueue();
      },
    };
  }

  #serveQueue(): void {
    for (;;) {
      const next = this.#queue.shift({
        canServe: (waiter) => this.#fits(waiter),
        heldBy: (client) => this.takenBy(client),
      });
      if (next === undefined) return;
      next.enter();
    }
  }

  async #wait(demand: Demand & Origin, signal: AbortSignal): Promise<Place> {
    const { promise, resolve, reject } = Promise.withResolvers<Place>();
    const waiter = { ...demand, enter: () => resolve(this.#enter(demand)), refuse: reject };
    const giveUp = () => reject(signal.reason as Error);
    const expire = setTimeout(() => reject(this.#refusal(demand)), this.#options.waitMs);
    signal.addEventListener('abort', giveUp, { once: true });
    this.#queue.add(waiter);
    this.#shorten(waiter);
    try {
      return await promise;
    } finally {
      this.#queue.delete(waiter);
      clearTimeout(expire);
      signal.removeEventListener('abort', giveUp);
    }
  }

  #shorten({ client }: Waiter): void {
    const { queue, clientShare } = this.#options;
    const share = Math.ceil((queue * clientShare) / 100);
    const isOverShare = this.#queue.countOf(client) > share;
    if (!isOverShare && this.#queue.size <= queue) return;
    const dropped = this.#queue.pop(isOverShare ? client : undefined);
    dropped?.refuse(this.#refusal(dropped));
  }

  #refusal({ client, weight }: Demand): RegistryError {
    const { places, key } = this.#options;
    const isFull = this.#taken + weight > places || this.takenBy(client) === 0;
    const message = isFull
      ? `too many concurrent requests: retry later (limit: ${key})`
      : `too many concurrent requests from your address: retry later (limit: ${key}, of which http.limits.clientshare and anonymousshare are for one address)`;
    return new RegistryError('TOOMANYREQUESTS', { message });
  }
}

const NOTHING: Taken = { total: 0, anonymous: 0 };
