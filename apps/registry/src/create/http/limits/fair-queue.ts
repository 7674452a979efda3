/** The origin of a request, as far as fairness goes. */
export interface Origin {
  /** The address of the client: see `ClientAddresses`. */
  readonly client: string;
  /** The connection, compared by identity. */
  readonly connection: object;
}

type Lane<T> = Map<object, Set<T>>;

export interface Service<T> {
  readonly canServe: (entry: T) => boolean;
  /** The amount that a client has been served with, and has not given back. */
  readonly heldBy: (client: string) => number;
}

interface Turn<T> {
  readonly client: string;
  readonly lane: Lane<T>;
  readonly connection: object;
}

/**
 * A queue that serves the client with the least first, clients with as little in turn, and the connections of one client
 * in turn, so that a client with many entries delays only itself.
 */
export class FairQueue<T extends Origin> {
  /** By client, then by connection. The first in each map is served next. */
  readonly #lanes = new Map<string, Lane<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const lane of this.#lanes.values()) for (const entries of lane.values()) yield* entries;
  }

  add(entry: T): void {
    const lane = getOrCreate(this.#lanes, entry.client, (): Lane<T> => new Map());
    getOrCreate(lane, entry.connection, () => new Set<T>()).add(entry);
    this.#size++;
  }

  delete(entry: T): void {
    const lane = this.#lanes.get(entry.client);
    const entries = lane?.get(entry.connection);
    if (lane === undefined || !entries?.delete(entry)) return;
    this.#size--;
    if (entries.size === 0) lane.delete(entry.connection);
    if (lane.size === 0) this.#lanes.delete(entry.client);
  }

  /** Entries of one client. */
  countOf(client: string): number {
    return countIn(this.#lanes.get(client) ?? new Map());
  }

  /**
   * Removes and returns the next entry that can be served: of the client that has least, and of several that have as
   * little, of the one whose turn it is. Its connection and its client go to the end of the line.
   */
  shift({ canServe, heldBy }: Service<T>): T | undefined {
    let next: Turn<T> | undefined;
    let least = Infinity;
    for (const [client, lane] of this.#lanes) {
      const held = heldBy(client);
      if (held >= least) continue;
      const connection = firstServable(lane, canServe);
      if (connection === undefined) continue;
      next = { client, lane, connection };
      least = held;
    }
    if (next === undefined) return undefined;
    const { client, lane, connection } = next;
    const entries = lane.get(connection)!;
    const [first] = entries;
    moveToEnd(lane, connection, entries);
    moveToEnd(this.#lanes, client, lane);
    if (first !== undefined) this.delete(first);
    return first;
  }

  /**
   * Removes and returns the newest entry of the connection with the most entries.
   *
   * @param client Of this client. Default: of the client with the most entries.
   */
  pop(client?: string): T | undefined {
    const lane = client === undefined ? largest(this.#lanes, countIn) : this.#lanes.get(client);
    const newest = [...(largest(lane ?? new Map<object, Set<T>>(), ({ size }) => size) ?? [])].at(
      -1,
    );
    if (newest !== undefined) this.delete(newest);
    return newest;
  }
}

/** The connection whose first entry can be served. */
function firstServable<T>(lane: Lane<T>, canServe: (entry: T) => boolean): object | undefined {
  for (const [connection, entries] of lane) {
    const [first] = entries;
    if (first !== undefined && canServe(first)) return connection;
  }
  return undefined;
}

function countIn(lane: Lane<unknown>): number {
  let count = 0;
  for (const { size } of lane.values()) count += size;
  return count;
}

/** Of several that are equal the last, where the newcomer usually is. */
function largest<V>(map: ReadonlyMap<unknown, V>, measure: (value: V) => number): V | undefined {
  let found: V | undefined;
  let most = 0;
  for (const value of map.values()) {
    const size = measure(value);
    if (size < most) continue;
    most = size;
    found = value;
  }
  return found;
}

function moveToEnd<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}
