import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSilentLogger } from '../logger.ts';
import { Health } from './health.ts';

/** A check that fails as long as it has a problem. */
function createCheck(threshold = 1) {
  const state: { problem?: string | undefined; count: number } = { count: 0 };
  const check = async () => {
    state.count++;
    if (state.problem !== undefined) throw new Error(state.problem);
  };
  const told: string[] = [];
  const tell = (message: string) => void told.push(message);
  const logger = { ...createSilentLogger(), error: tell, info: tell };
  const health = new Health([{ name: 'disk', intervalMs: 1000, threshold, check }], logger);
  return { state, health, told };
}

describe('health', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('knows nothing before the first interval is over', async () => {
    const { state, health } = createCheck();
    state.problem = 'broken';
    await vi.advanceTimersByTimeAsync(999);
    expect([state.count, health.isFailing]).toEqual([0, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(health.report()).toEqual({ disk: 'broken' });
  });

  it('fails after as many failures in a row as its threshold, and succeeds with the first success', async () => {
    const { state, health, told } = createCheck(3);
    state.problem = 'broken';
    await vi.advanceTimersByTimeAsync(2000);
    state.problem = undefined;
    await vi.advanceTimersByTimeAsync(1000);
    state.problem = 'broken again';
    await vi.advanceTimersByTimeAsync(2000);
    expect(health.isFailing).toBe(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(health.report()).toEqual({ disk: 'broken again' });
    state.problem = undefined;
    await vi.advanceTimersByTimeAsync(1000);
    expect([health.isFailing, health.report()]).toEqual([false, {}]);
    expect(told).toEqual([
      expect.stringContaining('a health check fails'),
      'a health check succeeds again',
    ]);
  });

  it('waits for one check to end before it begins the next', async () => {
    let running = 0;
    let most = 0;
    const check = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      running--;
    };
    using _health = new Health(
      [{ name: 'slow', intervalMs: 1000, threshold: 1, check }],
      createSilentLogger(),
    );
    await vi.advanceTimersByTimeAsync(20_000);
    expect(most).toBe(1);
  });

  it('does nothing more once it is over', async () => {
    const { state, health } = createCheck();
    await vi.advanceTimersByTimeAsync(1000);
    health[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([state.count, vi.getTimerCount()]).toEqual([1, 0]);
  });
});
