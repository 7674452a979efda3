import type { CheckProgress } from '@purser/storage';
import { ProgressBar } from './progress-bar.ts';
import { formatSize } from './sizes.ts';

/** What shows how far a check is. */
export interface CheckShow {
  readonly onProgress: (progress: CheckProgress) => void;
  /** Lets a finding be written, which stays. */
  readonly interrupt: (write: () => void) => void;
  /** Leaves the terminal as it was found, however often it is called. */
  readonly stop: () => void;
}

/** Shows how much is found, how much of it is read, and how many names are checked, one after the other. */
export function showCheckBars(stream: NodeJS.WritableStream): CheckShow {
  const bar = new ProgressBar(stream);
  let shown: ((progress: CheckProgress) => void) | undefined;

  const found = ({ blobs, totalBytes }: CheckProgress) =>
    bar.update(blobs, { size: formatSize(totalBytes) });
  const read = ({ bytes, totalBytes }: CheckProgress) =>
    bar.update(bytes, { done: formatSize(bytes), size: formatSize(totalBytes) });
  const checked = ({ repositories }: CheckProgress) => bar.update(repositories);

  function begin(next: (progress: CheckProgress) => void, { totalBytes }: CheckProgress): void {
    shown = next;
    if (next === found) bar.begin('finding blobs: {value}, {size}', { shown: { size: '' } });
    if (next === read) {
      bar.begin('reading blobs {bar} {done} of {size}', {
        total: totalBytes,
        shown: { done: '', size: '' },
      });
    }
    if (next === checked) bar.begin('checking repositories: {value} names', {});
  }

  return {
    onProgress(progress) {
      const now = progress.repositories > 0 ? checked : progress.bytes > 0 ? read : found;
      if (now !== shown) begin(now, progress);
      now(progress);
    },
    interrupt: (write) => bar.interrupt(write),
    stop: () => bar.end(),
  };
}
