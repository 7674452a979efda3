/**
 * Reads many things, a few ahead of the caller, in their order. Leaving early waits for what was begun.
 *
 * @throws The failure of a read, at its turn.
 */
export async function* readAhead<T, R>(
  all: Iterable<T> | AsyncIterable<T>,
  ahead: number,
  read: (one: T) => Promise<R>,
): AsyncGenerator<R, void> {
  const begun: Promise<R>[] = [];
  try {
    for await (const one of all) {
      const reading = read(one);
      // Its failure is thrown at its turn, which may come later.
      reading.catch(() => {});
      begun.push(reading);
      if (begun.length >= ahead) yield await begun.shift()!;
    }
    for (let next = begun.shift(); next !== undefined; next = begun.shift()) yield await next;
  } finally {
    await Promise.allSettled(begun);
  }
}
