import type { NotifierObserver } from '../observer.ts';
import { isMissing, type FileSystem } from './file-system.ts';

export interface CursorOptions {
  readonly path: string;
  /** The name of the endpoint. */
  readonly endpoint: string;
  readonly files: FileSystem;
  readonly observer: NotifierObserver;
}

interface Position {
  /** Everything before this sequence is done with. */
  readonly next: number;
  /** How many events the endpoint has missed in all. */
  readonly dropped: number;
}

/**
 * Remembers how far an endpoint has got. It is saved behind the deliveries, one write at a time, each with the newest
 * position: what was delivered during the last one comes again after a crash.
 */
export class Cursor {
  readonly #options: CursorOptions;
  #position: Position;
  #saved: Position | undefined;
  #saving: Promise<void> | undefined;
  #hasFailed = false;

  private constructor(position: Position, saved: Position | undefined, options: CursorOptions) {
    this.#position = position;
    this.#saved = saved;
    this.#options = options;
  }

  /** Reads where the endpoint stands; `undefined` when it is new. One whose file is damaged begins at 0 again. */
  static async open(options: CursorOptions): Promise<Cursor | undefined> {
    const position = await readPosition(options);
    return position && new Cursor(position, position, options);
  }

  static create(next: number, options: CursorOptions): Cursor {
    return new Cursor({ next, dropped: 0 }, undefined, options);
  }

  get next(): number {
    return this.#position.next;
  }

  /** What `next` would be after a crash. */
  get saved(): number {
    return this.#saved?.next ?? 0;
  }

  get dropped(): number {
    return this.#position.dropped;
  }

  /** @param missed Events that were dropped before it. */
  advance(next: number, missed = 0): void {
    this.#position = { next, dropped: this.#position.dropped + missed };
    this.#saving ??= this.#save().finally(() => (this.#saving = undefined));
  }

  /** Settles when the newest position is saved, or cannot be. Never rejects. */
  async settle(): Promise<void> {
    this.#saving ??= this.#save().finally(() => (this.#saving = undefined));
    await this.#saving;
  }

  async #save(): Promise<void> {
    const { path, endpoint, files, observer } = this.#options;
    while (this.#saved !== this.#position) {
      const position = this.#position;
      try {
        const temporary = `${path}.tmp`;
        await files.writeFile(temporary, `${JSON.stringify({ endpoint, ...position })}\n`);
        await files.rename(temporary, path);
        this.#saved = position;
        this.#hasFailed = false;
      } catch (error) {
        // The next event tries again; one report is enough for a full disk.
        if (!this.#hasFailed) {
          observer({ kind: 'outbox-failed', operation: 'save a position', error });
        }
        this.#hasFailed = true;
        return;
      }
    }
  }
}

async function readPosition({ path, files }: CursorOptions): Promise<Position | undefined> {
  let text;
  try {
    text = await files.readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parsePosition(text);
}

/** A loss of power can leave an empty file. */
function parsePosition(text: string): Position {
  try {
    const { next = 0, dropped = 0 } = JSON.parse(text) as Partial<Position>;
    if (Number.isSafeInteger(next) && Number.isSafeInteger(dropped)) return { next, dropped };
  } catch {
    // As if nothing had arrived: rather twice than never.
  }
  return { next: 0, dropped: 0 };
}
