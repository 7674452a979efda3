import { describe, expect, it } from 'vitest';
import { eachOf } from './each-of.ts';

function pagesOf(...pages: readonly (readonly number[])[]) {
  const state = { asked: 0, closed: false };
  async function* give() {
    try {
      for (const page of pages) {
        state.asked++;
        yield page;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, pages: give() };
}

async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

describe('eachOf', () => {
  it('gives every entry of every page, also when some are empty', async () => {
    const { pages } = pagesOf([], [1, 2], [], [], [3], []);
    expect(await collect(eachOf(pages))).toEqual([1, 2, 3]);
  });

  it.each([0, 1, 2, 3])('gives at most %i entries, and asks for no further page', async (limit) => {
    const { pages, state } = pagesOf([1, 2], [3, 4], [5]);
    expect(await collect(eachOf(pages, limit))).toEqual([1, 2, 3].slice(0, limit));
    expect(state.asked).toBe(Math.ceil(limit / 2));
  });

  it('closes the pages when it is left early', async () => {
    const { pages, state } = pagesOf([1, 2], [3]);
    for await (const entry of eachOf(pages)) if (entry === 2) break;
    expect(state).toEqual({ asked: 1, closed: true });
  });

  it('fails as the pages do', async () => {
    async function* failing() {
      yield [1];
      throw new Error('disk');
    }
    await expect(collect(eachOf(failing()))).rejects.toThrow('disk');
  });
});
