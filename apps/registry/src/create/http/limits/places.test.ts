import { describe, expect, it, vi } from 'vitest';
import { Places, type Place, type PlacesOptions, type TakeOptions } from './places.ts';

const signal = new AbortController().signal;
const placesOf = (options: Partial<PlacesOptions> = {}) =>
  new Places({
    places: 1,
    clientShare: 100,
    anonymousShare: 100,
    queue: 2,
    waitMs: 60_000,
    key: 'http.limits.requests',
    ...options,
  });

/** Takes a place for a client that has one connection. */
const connections = new Map<string, object>();
function take(places: Places, name: string, options: Partial<TakeOptions> = {}) {
  const [client = ''] = name.split('/');
  const connection = connections.get(name) ?? {};
  connections.set(name, connection);
  return places.take({ client, connection }, { signal, ...options });
}
const giveBack = (place: Place | Promise<Place>) => (place as Place)[Symbol.dispose]();

/** Takes places one after the other, and tells in which order they are entered. Each is given back at once. */
function takeAll(places: Places, names: readonly string[]) {
  const order: string[] = [];
  const all = names.map(async (name) => {
    try {
      using _place = await take(places, name);
      order.push(name);
    } catch {
      order.push(`${name} refused`);
    }
  });
  return { order, settled: Promise.all(all) };
}

describe('places', () => {
  it('are taken without a wait while there are some', () => {
    const places = placesOf({ places: 2 });
    const first = take(places, 'a');
    expect([first, take(places, 'a')].some((place) => place instanceof Promise)).toBe(false);
    giveBack(first);
    giveBack(first);
    expect(places.taken).toBe(1);
    expect(take(places, 'a')).not.toBeInstanceOf(Promise);
  });

  it('are refused when the queue is full, with the key of the limit', async () => {
    const places = placesOf({ queue: 0 });
    void take(places, 'a');
    await expect(take(places, 'b')).rejects.toMatchObject({
      code: 'TOOMANYREQUESTS',
      message: 'too many concurrent requests: retry later (limit: http.limits.requests)',
    });
  });

  it('are refused after too long a wait, and are not lost', async () => {
    const places = placesOf({ waitMs: 5 });
    const first = take(places, 'a');
    await expect(take(places, 'a')).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' });
    expect(places.waiting).toBe(0);
    giveBack(first);
    expect(places.taken).toBe(0);
  });

  it('are not given to a request whose client has left', async () => {
    const places = placesOf();
    const first = take(places, 'a');
    const departure = new AbortController();
    const left = take(places, 'a', { signal: departure.signal });
    const stays = take(places, 'a');
    departure.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    giveBack(first);
    await stays;
    expect(places.taken).toBe(1);
  });

  it('have a weight, of which one request never needs more than a client can have', () => {
    const places = placesOf({ places: 100, clientShare: 50 });
    giveBack(take(places, 'a', { weight: 1000, isIdentified: true }));
    void take(places, 'a', { weight: 1000, isIdentified: true });
    expect(places.taken).toBe(50);
  });
});

describe('a share of the places', () => {
  it('is the most that one client can have, while another enters', async () => {
    const places = placesOf({ places: 4, clientShare: 50, queue: 0 });
    void take(places, 'a');
    void take(places, 'a');
    await expect(take(places, 'a')).rejects.toThrow('from your address');
    expect(take(places, 'b')).not.toBeInstanceOf(Promise);
    expect(places.takenBy('a')).toBe(2);
  });

  it('is smaller for requests without a verified user, until the user is verified', async () => {
    const places = placesOf({ places: 8, clientShare: 50, anonymousShare: 25, queue: 1 });
    const first = take(places, 'a') as Place;
    void take(places, 'a');
    const third = take(places, 'a');
    expect(third).toBeInstanceOf(Promise);
    first.identify();
    first.identify();
    await third;
    expect(places.takenBy('a')).toBe(3);
    giveBack(first);
    expect(places.takenBy('a')).toBe(2);
  });

  it('bounds the requests of one client in the queue', async () => {
    const places = placesOf({ queue: 4, clientShare: 50 });
    const first = take(places, 'a');
    const { order, settled } = takeAll(places, ['a', 'a', 'a', 'b']);
    await vi.waitFor(() => expect(order).toEqual(['a refused']));
    expect(places.waiting).toBe(3);
    giveBack(first);
    await settled;
    expect(order.toSorted()).toEqual(['a', 'a', 'a refused', 'b']);
  });
});

describe('the queue for places', () => {
  it('serves clients in turn, and the connections of one client in turn', async () => {
    const places = placesOf({ queue: 10 });
    const first = take(places, 'x');
    const names = ['a/1', 'a/1', 'a/1', 'a/2', 'b/1'];
    const { order, settled } = takeAll(places, names);
    expect(places.waiting).toBe(5);
    giveBack(first);
    await settled;
    expect(order).toEqual(['a/1', 'b/1', 'a/2', 'a/1', 'a/1']);
  });

  it('serves the client with the fewest places first', async () => {
    const places = placesOf({ places: 3, queue: 4 });
    const held = [take(places, 'a'), take(places, 'a'), take(places, 'b')];
    const { order, settled } = takeAll(places, ['a', 'b', 'c']);
    giveBack(held[0]!);
    await settled;
    expect(order).toEqual(['c', 'a', 'b']);
  });

  it('drops the newest request of the busiest connection for a client with fewer', async () => {
    const places = placesOf({ queue: 3 });
    const first = take(places, 'x');
    const { order, settled } = takeAll(places, ['a/1', 'a/1', 'a/2', 'b/1']);
    await vi.waitFor(() => expect(order).toEqual(['a/1 refused']));
    giveBack(first);
    await settled;
    expect(order.slice(1).toSorted()).toEqual(['a/1', 'a/2', 'b/1']);
  });

  it('lets a client pass that is below its share, when the one before it is not', async () => {
    const places = placesOf({ places: 2, clientShare: 50, queue: 4 });
    void take(places, 'a');
    const b = take(places, 'b');
    const { order } = takeAll(places, ['a', 'c']);
    giveBack(b);
    await vi.waitFor(() => expect(order).toEqual(['c']));
    expect([...places.shortages()]).toMatchObject([{ client: 'a', isOfShare: true }]);
  });
});
