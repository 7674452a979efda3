import type { CopyItem, CopyPlan } from '@purser/client';
import { digestOf } from '@purser/core';
import { describe, expect, it, vi } from 'vitest';
import { createFakeTerminal } from '../fixtures/fake-terminal.ts';
import { showBars } from './copy-bars.ts';

function item(size: number): CopyItem {
  const digest = digestOf(Buffer.from(String(size)));
  return { kind: 'blob', action: 'copy', descriptor: { mediaType: 'a/b', digest, size } };
}

describe('progress on a terminal', () => {
  it('shows how much of everything is done, and of each large blob', async () => {
    const terminal = createFakeTerminal();
    const { observer, stop } = showBars(terminal.stream);
    const [large, small] = [item(4_000_000), item(1000)];
    observer({ kind: 'planned', plan: { copyBytes: 4_001_000 } as CopyPlan });
    for (const each of [large, small]) observer({ kind: 'started', item: each });
    observer({ kind: 'progress', item: large, bytes: 1_000_000 });
    observer({ kind: 'progress', item: small, bytes: 1000 });
    observer({ kind: 'finished', item: small, outcome: 'copied' });
    await vi.waitFor(() => {
      expect(terminal.drawn).toMatch(/everything .* 1 MB of 4 MB/);
      expect(terminal.drawn).toMatch(/sha256:[0-9a-f]{12} .* 1 MB of 4 MB/);
    });
    expect(terminal.drawn).not.toContain('1 kB of 1 kB');
    observer({ kind: 'progress', item: large, bytes: 3_000_000 });
    observer({ kind: 'finished', item: large, outcome: 'copied' });
    await vi.waitFor(() => expect(terminal.drawn).toMatch(/everything .* 4 MB of 4 MB/));
    stop();
    stop();
    await vi.waitFor(() => expect(terminal.drawn).toContain('\u001B[?25h'));
  });
});
