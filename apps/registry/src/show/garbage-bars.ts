import type { GarbageEvent, GarbageObserver } from '@purser/storage';
import { describeGarbage } from './garbage-lines.ts';
import type { LinesWriter } from './lines-writer.ts';
import { ProgressBar } from './progress-bar.ts';
import { formatSize } from './sizes.ts';

type PhaseEvent = Extract<GarbageEvent, { readonly kind: 'phase' }>;

const TICK_MS = 250;

/**
 * Shows a bar for what a collection is doing: looking, waiting, looking again, deleting.
 *
 * @param write Takes the lines on what is garbage, which stay.
 * @returns `stop` leaves the terminal as it was found, however often it is called.
 */
export function showGarbageBars(
  stream: NodeJS.WritableStream,
  write: LinesWriter,
): { readonly observer: GarbageObserver; readonly stop: () => void } {
  const bars = new GarbageBars(stream);
  return {
    observer(event) {
      if (event.kind === 'phase') bars.begin(event);
      if (event.kind === 'repository') bars.look(event.name);
      if (event.kind === 'garbage') bars.interrupt(() => write(describeGarbage(event.garbage)));
      if (event.kind === 'done') bars.finish(event.bytes ?? 0);
    },
    stop: () => bars.end(),
  };
}

class GarbageBars {
  readonly #bar: ProgressBar;
  /** How many names the first look went through: the second goes through about as many. */
  #names = 0;
  #done = 0;
  #bytes = 0;
  #ticking: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#bar = new ProgressBar(stream);
  }

  begin({ phase, total = 0, durationMs = 0 }: PhaseEvent): void {
    clearInterval(this.#ticking);
    switch (phase) {
      case 'mark':
        return this.#bar.begin('looking for garbage: {value} names {name}', {
          shown: { name: '' },
        });
      case 'grace':
        return this.#wait(total, Math.ceil(durationMs / 1000));
      case 'mark-again':
        [this.#names, this.#done] = [this.#done, 0];
        return this.#bar.begin('looking again {bar} {value} of {total} names', {
          total: this.#names,
        });
      case 'sweep':
        this.#done = 0;
        return this.#bar.begin('deleting {bar} {value} of {total}, {size}', {
          total,
          shown: { size: formatSize(0) },
        });
    }
  }

  look(name: string): void {
    this.#bar.update(++this.#done, { name });
  }

  finish(bytes: number): void {
    this.#bytes += bytes;
    this.#bar.update(++this.#done, { size: formatSize(this.#bytes) });
  }

  interrupt(write: () => void): void {
    this.#bar.interrupt(write);
  }

  end(): void {
    clearInterval(this.#ticking);
    this.#bar.end();
  }

  #wait(garbage: number, seconds: number): void {
    const startedAt = performance.now();
    this.#bar.begin('{garbage} digests are garbage, waiting {bar} {value} of {total} s', {
      total: seconds,
      shown: { garbage },
    });
    this.#ticking = setInterval(() => {
      const waited = Math.floor((performance.now() - startedAt) / 1000);
      this.#bar.update(Math.min(waited, seconds));
    }, TICK_MS).unref();
  }
}
