import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createFakeTerminal } from '../fixtures/fake-terminal.ts';
import { showCheckBars } from './check-bars.ts';

const MEGABYTE = 1_000_000;

describe('progress of a check on a terminal', () => {
  it('shows what is found, read and checked, and lets findings stand', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const terminal = createFakeTerminal();
    const { onProgress, interrupt, stop } = showCheckBars(terminal.stream);
    const shows = async (text: string | RegExp) => {
      await vi.advanceTimersByTimeAsync(300);
      expect(terminal.drawn).toMatch(text);
    };
    const found = { blobs: 12, totalBytes: 8 * MEGABYTE };
    onProgress({ ...found, bytes: 0, repositories: 0 });
    await shows('finding blobs: 12, 8 MB');
    onProgress({ ...found, bytes: 2 * MEGABYTE, repositories: 0 });
    await shows(/reading blobs .* 2 MB of 8 MB/);
    let written = '';
    interrupt(() => {
      written = 'a finding';
    });
    expect(written).toBe('a finding');
    const before = terminal.drawn.length;
    await vi.advanceTimersByTimeAsync(300);
    expect(terminal.drawn.slice(before)).not.toContain('finding blobs');
    onProgress({ ...found, bytes: 8 * MEGABYTE, repositories: 3 });
    await shows('checking repositories: 3 names');
    stop();
    stop();
    await shows('\u001B[?25h');
    expect(vi.getTimerCount()).toBe(0);
  });
});
