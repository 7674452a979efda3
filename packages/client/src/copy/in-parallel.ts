/**
 * Does something with each item, several at a time. The first failure stops the others; it is told when all of them have
 * ended, so that nothing goes on behind the caller's back.
 *
 * @param work.signal Ends what is running when another item failed, or the caller's signal says so.
 */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<void>,
  {
    concurrency,
    signal,
  }: { readonly concurrency: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const failure = new AbortController();
  const either = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
  const waiting = items[Symbol.iterator]();
  let firstError: unknown;

  async function workUntilDone(): Promise<void> {
    for (const item of waiting) {
      if (either.aborted) return;
      try {
        await work(item, either);
      } catch (error) {
        if (!failure.signal.aborted) firstError = error;
        failure.abort(error);
      }
    }
  }

  const workers = Math.min(concurrency, items.length);
  await Promise.all(Array.from({ length: workers }, workUntilDone));
  signal?.throwIfAborted();
  if (failure.signal.aborted) throw firstError;
}
