import type { Entry } from './driver.ts';

/** Takes a listing entry by entry. */
export async function* entriesOf(pages: AsyncIterable<readonly Entry[]>): AsyncIterable<Entry> {
  for await (const page of pages) yield* page;
}
