import { Presets, SingleBar } from 'cli-progress';
import { escapeControls } from '../observe/escape.ts';

/** What a bar shows beside itself, by the names in its format. */
type Shown = Readonly<Record<string, string | number>>;

interface BarOptions {
  /** Default 0, for what has no end that is known. */
  readonly total?: number;
  readonly shown?: Shown;
}

/** One bar at a time, cleared when it ends: what is written of the work stays. */
export class ProgressBar {
  readonly #stream: NodeJS.WritableStream;
  #bar: SingleBar | undefined;
  #total = 0;
  #value = 0;
  #shown: Shown = {};

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  /**
   * Begins one in place of the one before.
   *
   * @param format With `{bar}` where there is a total: `looking {bar} {value} of {total}, {size}`.
   */
  begin(format: string, { total = 0, shown = {} }: BarOptions): void {
    this.end();
    this.#bar = new SingleBar(
      {
        stream: this.#stream,
        format,
        clearOnComplete: true,
        hideCursor: true,
        fps: 8,
        // The process is ended in one place, and end() comes before that.
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    [this.#total, this.#value, this.#shown] = [total, 0, printable(shown)];
    this.#bar.start(total, 0, this.#shown);
  }

  update(value: number, shown: Shown = this.#shown): void {
    [this.#value, this.#shown] = [value, printable(shown)];
    this.#bar?.update(value, this.#shown);
  }

  /** Lets something be written where the bar is, which goes on below. */
  interrupt(write: () => void): void {
    this.#bar?.stop();
    write();
    this.#bar?.start(this.#total, this.#value, this.#shown);
  }

  /** Leaves the terminal as it was found, however often it is called. */
  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

/** A name may come from the storage of others. */
function printable(shown: Shown): Shown {
  return Object.fromEntries(
    Object.entries(shown).map(([name, value]) => [name, escapeControls(String(value))]),
  );
}
