import { describe, expect, it } from 'vitest';
import { RecentFailures } from './recent-failures.ts';

describe('recent failures', () => {
  it('are counted for each source, and summed over several', () => {
    const failures = new RecentFailures(() => 0);
    failures.add(['user bob', 'peer a']);
    failures.add(['user bob', 'peer b']);
    expect(failures.of(['user bob'])).toBe(2);
    expect(failures.of(['user bob', 'peer a'])).toBe(3);
    expect(failures.of(['user alice', 'peer c'])).toBe(0);
  });

  it.each([
    [9_999, 1],
    [10_000, 1],
    [19_999, 1],
    [20_000, 0],
    [1_000_000, 0],
  ])('are known after %d ms: %d', (elapsed, count) => {
    let time = 500;
    const failures = new RecentFailures(() => time);
    failures.add(['user bob']);
    time += elapsed;
    expect(failures.of(['user bob'])).toBe(count);
  });

  it('are forgotten a window at a time', () => {
    let time = 0;
    const failures = new RecentFailures(() => time);
    failures.add(['a']);
    time = 10_000;
    failures.add(['a']);
    expect(failures.of(['a'])).toBe(2);
    time = 20_000;
    expect(failures.of(['a'])).toBe(1);
    time = 30_000;
    expect(failures.of(['a'])).toBe(0);
  });
});
