/**
 * Asks storage something, and waits no longer than that: a file server that is gone may answer never, whatever the signal
 * says.
 *
 * @throws Error when there is no answer in time; whatever the work fails with.
 */
export async function storageAnswer<T>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const expire = () => reject(new Error(`no answer of the storage within ${timeoutMs} ms`));
  signal.addEventListener('abort', expire, { once: true });
  try {
    return await Promise.race([work(signal), late]);
  } finally {
    signal.removeEventListener('abort', expire);
  }
}
