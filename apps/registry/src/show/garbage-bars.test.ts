import { digestOf, parseRepositoryName } from '@purser/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createFakeTerminal } from '../fixtures/fake-terminal.ts';
import { showGarbageBars } from './garbage-bars.ts';
import { createLinesWriter } from './lines-writer.ts';

const digest = digestOf(Buffer.from('garbage'));
const name = parseRepositoryName('team/app');

describe('progress of a collection on a terminal', () => {
  it('shows each phase, and lets the lines on garbage stand', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const terminal = createFakeTerminal();
    let written = '';
    const { observer, stop } = showGarbageBars(
      terminal.stream,
      createLinesWriter((text) => void (written += text)),
    );
    const shows = async (text: string | RegExp) => {
      await vi.advanceTimersByTimeAsync(300);
      expect(terminal.drawn).toMatch(text);
    };
    observer({ kind: 'phase', phase: 'mark' });
    for (let count = 0; count < 3; count++) observer({ kind: 'repository', name });
    await shows('looking for garbage: 3 names team/app');
    const links = [{ repository: name, kind: 'blob', name: digest }] as const;
    observer({ kind: 'garbage', garbage: { digest, bytes: true, links } });
    expect(written).toBe(
      `team/app: layer link eligible for deletion: ${digest}\nblob eligible for deletion: ${digest}\n`,
    );
    observer({ kind: 'phase', phase: 'grace', total: 1, durationMs: 60_000 });
    await vi.advanceTimersByTimeAsync(30_000);
    await shows(/1 digests are garbage, waiting .* 30 of 60 s/);
    observer({ kind: 'phase', phase: 'mark-again' });
    observer({ kind: 'repository', name });
    await shows(/looking again .* 1 of 3 names/);
    observer({ kind: 'phase', phase: 'sweep', total: 2 });
    observer({ kind: 'done', digest, bytes: 4000 });
    await shows(/deleting .* 1 of 2, 4 kB/);
    stop();
    stop();
    await shows('\u001B[?25h');
    expect(vi.getTimerCount()).toBe(0);
  });
});
