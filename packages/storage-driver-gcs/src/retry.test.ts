import { describe, expect, it } from 'vitest';
import { ResponseError } from './errors.ts';
import { Retry } from './retry.ts';

const busy = (retryAfterMs?: number) =>
  new ResponseError({ status: 503, message: 'busy', retryAfterMs });

/** Waits no time, and tells how long it would have waited. */
function createRetry(random: number) {
  const delays: number[] = [];
  const wait = async (delayMs: number) => void delays.push(delayMs);
  const policy = { maxAttempts: 5, baseDelayMs: 100, maxDelayMs: 300 };
  return { delays, retry: new Retry({ ...policy, wait, random: () => random }) };
}

describe('a retry', () => {
  it('waits twice as long each time, up to a bound, less a part left to chance', async () => {
    const { retry, delays } = createRetry(0.5);
    await expect(retry.run(() => Promise.reject(busy()))).rejects.toThrow('busy');
    expect(delays).toEqual([50, 100, 150, 150]);
  });

  it('waits for as long as the service asks, but no longer than a minute', async () => {
    const { retry, delays } = createRetry(0);
    const waits = [2000, 3_600_000];
    await retry.run(async () => {
      const wait = waits.shift();
      if (wait !== undefined) throw busy(wait);
    });
    expect(delays).toEqual([2000, 60_000]);
  });

  it('tells each attempt what the one before failed with', async () => {
    const { retry } = createRetry(0);
    const error = busy();
    const seen: unknown[] = [];
    await retry.run(async (before) => {
      seen.push(before);
      if (before === undefined) throw error;
    });
    expect(seen).toEqual([undefined, error]);
  });

  it('does not repeat what would fail again', async () => {
    const { retry, delays } = createRetry(0);
    const error = new ResponseError({ status: 404, message: 'missing' });
    await expect(retry.run(() => Promise.reject(error))).rejects.toBe(error);
    expect(delays).toEqual([]);
  });

  it('ends while it waits, with the reason of the signal', async () => {
    const retry = new Retry({ maxAttempts: 2, baseDelayMs: 600_000, maxDelayMs: 600_000 });
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = retry.run(() => Promise.reject(busy()), controller.signal);
    setImmediate(() => controller.abort(reason));
    await expect(running).rejects.toBe(reason);
  });
});
