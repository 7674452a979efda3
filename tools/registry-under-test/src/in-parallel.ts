/** Does something for each item, at most `limit` of them at a time. The first failure ends it. */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const remaining = items[Symbol.iterator]();
  let hasFailed = false;
  const drain = async () => {
    for (let item = remaining.next(); !item.done && !hasFailed; item = remaining.next()) {
      await work(item.value);
    }
  };
  const lanes = Array.from({ length: limit }, () =>
    drain().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  await Promise.all(lanes);
}
