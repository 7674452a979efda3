/** The origin of a request, as far as fairness goes. */
export interface Origin {
  /** The address of the client: see `ClientAddresses`. */
  readonly client: string;
  /** The connection, compared by identity. */
  readonly connection: object;
}

type Lane<T> = Map<object, Set<T>>;

/**
 * A queue that serves clients in turn, and the connections of one client in turn, so that a client with many entries
 * delays only itself.
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

  /** Removes and returns the next entry that can be served; its connection and its client go to the end of the line. */
  shift(canServe: (entry: T) => boolean): T | undefined {
    for (const [client, lane] of this.#lanes) {
      for (const [connection, entries] of lane) {
        const [first] = entries;
        if (first === undefined || !canServe(first)) continue;
        moveToEnd(lane, connection, entries);
        moveToEnd(this.#lanes, client, lane);
        this.delete(first);
        return first;
      }
    }
    return undefined;
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
