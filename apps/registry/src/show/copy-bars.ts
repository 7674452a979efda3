import type { CopyItem, CopyObserver } from '@purser/client';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { formatSize, shortDigest } from './sizes.ts';

/** Smaller ones come and go before anyone could read of them. */
const SMALLEST_SHOWN_BYTES = 1024 * 1024;

/** A bar that knows how far it is. */
interface Bar {
  readonly bar: SingleBar;
  done: number;
}

/**
 * Shows a bar for everything, and one for each large blob under way.
 *
 * @returns `stop` leaves the terminal as it was found, however often it is called.
 */
export function showBars(stream: NodeJS.WritableStream): {
  readonly observer: CopyObserver;
  readonly stop: () => void;
} {
  const bars = new MultiBar(
    {
      stream,
      format: '{name} {bar} {done} of {size}',
      clearOnComplete: true,
      hideCursor: true,
      fps: 8,
      // The process is ended in one place, and stop() comes before that.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let whole: Bar | undefined;
  const each = new Map<CopyItem, Bar>();
  const begin = (name: string, bytes: number): Bar => ({
    bar: bars.create(bytes, 0, { name, done: formatSize(0), size: formatSize(bytes) }),
    done: 0,
  });

  return {
    observer: (event) => {
      if (event.kind === 'planned') whole = begin('everything'.padEnd(19), event.plan.copyBytes);
      if (event.kind === 'started' && event.item.descriptor.size >= SMALLEST_SHOWN_BYTES) {
        const { digest, size } = event.item.descriptor;
        each.set(event.item, begin(shortDigest(digest), size));
      }
      if (event.kind === 'progress') {
        for (const bar of [whole, each.get(event.item)]) advance(bar, event.bytes);
      }
      if (event.kind === 'finished') {
        const finished = each.get(event.item);
        if (finished !== undefined) bars.remove(finished.bar);
      }
    },
    stop: () => bars.stop(),
  };
}

function advance(bar: Bar | undefined, bytes: number): void {
  if (bar === undefined) return;
  bar.done += bytes;
  bar.bar.update(bar.done, { done: formatSize(bar.done) });
}
