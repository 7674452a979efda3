import { describe, expect, it, vi } from 'vitest';
import type { Place, PlacesOptions } from './places.ts';
import { Transfers, type Transfer } from './transfers.ts';

const { signal } = new AbortController();

const transfersOf = (places: number, options: Partial<PlacesOptions> = {}) =>
  new Transfers({
    places,
    clientShare: 100,
    anonymousShare: 100,
    queue: 100,
    waitMs: 60_000,
    key: 'http.limits.transfers',
    ...options,
  });

/** A transfer whose client stands still. */
class StillTransfer implements Transfer {
  readonly client: string;
  readonly connection: object;
  readonly #stillForMs: number;
  #place: Place | undefined;
  looks = 0;
  isCut = false;

  constructor(client: string, stillForMs: number, connection: object = {}) {
    this.client = client;
    this.connection = connection;
    this.#stillForMs = stillForMs;
  }

  enter(transfers: Transfers): this {
    this.#place = transfers.take(this, { signal }) as Place;
    return this;
  }

  look(): number {
    this.looks++;
    return this.#stillForMs;
  }

  cut(): void {
    this.isCut = true;
    this.#place?.[Symbol.dispose]();
  }
}

const cutOf = (held: readonly StillTransfer[]) => held.filter(({ isCut }) => isCut).length;
const hold = (transfers: Transfers, count: number, create: () => StillTransfer) =>
  Array.from({ length: count }, () => create().enter(transfers));

/** Before any timer. */
const isServedAtOnce = async (transfers: Transfers, client: string, connection: object = {}) => {
  let isServed = false;
  const mark = () => void (isServed = true);
  const place = transfers.take(new StillTransfer(client, 0, connection), { signal });
  void Promise.resolve(place).then(mark, mark);
  await new Promise((resolve) => setImmediate(resolve));
  return isServed;
};

describe('places of transfers that stand still', () => {
  it('go at once to a client that has none, from the client with the most', async () => {
    const transfers = transfersOf(10);
    const many = hold(transfers, 7, () => new StillTransfer('many', 600));
    const few = hold(transfers, 3, () => new StillTransfer('few', 4_000));
    expect(await isServedAtOnce(transfers, 'ordinary')).toBe(true);
    expect([cutOf(many), cutOf(few)]).toEqual([1, 0]);
  });

  it('go at once to another connection of the same client, from the connection with the most', async () => {
    const transfers = transfersOf(4);
    const connection = {};
    const many = hold(transfers, 3, () => new StillTransfer('a', 600, connection));
    const few = hold(transfers, 1, () => new StillTransfer('a', 600));
    expect(await isServedAtOnce(transfers, 'a')).toBe(true);
    expect([cutOf(many), cutOf(few)]).toEqual([1, 0]);
  });

  it.each([
    ['stay with it while a client waits that has as many', 600, false],
    ['go to a client that has as many after five seconds', 5_000, true],
  ])('%s', async (_title, stillForMs, expected) => {
    const transfers = transfersOf(4);
    const held = ['a', 'b'].flatMap((client) =>
      hold(transfers, 2, () => new StillTransfer(client, stillForMs)),
    );
    expect(await isServedAtOnce(transfers, 'a')).toBe(expected);
    expect(cutOf(held)).toBe(expected ? 1 : 0);
  });

  it('stay with a transfer that has moved a moment ago', async () => {
    const transfers = transfersOf(2);
    const held = hold(transfers, 2, () => new StillTransfer('a', 100));
    expect(await isServedAtOnce(transfers, 'b')).toBe(false);
    expect(cutOf(held)).toBe(0);
  });

  it('are freed once for each request that waits', async () => {
    const transfers = transfersOf(20);
    const held = hold(transfers, 20, () => new StillTransfer('a', 600));
    for (let count = 0; count < 5; count++) {
      expect(await isServedAtOnce(transfers, 'b')).toBe(true);
    }
    expect(cutOf(held)).toBe(5);
  });

  it('are known before a request waits, since transfers are looked at while places are scarce', async () => {
    const transfers = transfersOf(10);
    const held = hold(transfers, 7, () => new StillTransfer('a', 0));
    expect(held.every(({ looks }) => looks === 0)).toBe(true);
    await vi.waitFor(() => {
      hold(transfers, 1, () => new StillTransfer('a', 0));
      expect(held.every(({ looks }) => looks > 0)).toBe(true);
    });
    expect(transfers.taken).toBeLessThan(10);
  });
});
