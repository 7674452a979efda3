/**
 * Does something with each of many, a few at a time, in their order. After a failure nothing more is begun.
 *
 * @throws The first failure, when all that was begun has ended.
 */
export async function eachConcurrently<T>(
  all: Iterable<T> | AsyncIterable<T>,
  concurrency: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const one of all) {
    if (failures.length > 0) break;
    const task: Promise<void> = work(one)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= concurrency) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
