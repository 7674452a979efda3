/**
 * Waits for an answer, but not for ever. What comes too late is dropped.
 *
 * @throws Error when there is none after `timeoutMs`.
 */
export async function answerWithin<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const giveUp = () => late.reject(new Error(`no answer within ${timeoutMs} ms`));
  // An answer that arrived while this process was busy is read before the immediate runs: it was not late.
  const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
