import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Notification } from '../event.ts';
import type { NotifierObserver } from '../observer.ts';
import { isMissing, systemFiles, type FileSystem } from './file-system.ts';
import { fileNameOf, outboxLayout, type OutboxLayout } from './layout.ts';
import { formatRecord, parseRecord, splitLines, type OutboxEntry } from './record.ts';

export interface DeadLettersOptions {
  readonly layout: OutboxLayout;
  /** Of the dead letters of one endpoint. */
  readonly maximumBytes: number;
  readonly files: FileSystem;
  readonly observer: NotifierObserver;
}

/**
 * Keeps what endpoints were given up for, in two files each: when the newer is half of what may be kept it becomes the
 * older one, and that is lost.
 */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** @returns Whether it is kept. Never rejects. */
  async bury(endpoint: string, notification: Notification): Promise<boolean> {
    const { layout, maximumBytes, files, observer } = this.#options;
    const path = layout.deadLetters(endpoint);
    const entry: OutboxEntry = { ...notification, only: endpoint };
    try {
      await files.appendFile(path, formatRecord(0, JSON.stringify(entry)));
      if ((await files.stat(path)).size >= maximumBytes / 2) await this.#turnOver(endpoint);
      return true;
    } catch (error) {
      // Somebody asked for redelivery between the two.
      if (isMissing(error)) return true;
      observer({ kind: 'outbox-failed', operation: 'keep a dead letter', error });
      return false;
    }
  }

  async #turnOver(endpoint: string): Promise<void> {
    const { layout, files, observer } = this.#options;
    const old = layout.oldDeadLetters(endpoint);
    const events = (await readEntries(old, files)).length;
    await files.rename(layout.deadLetters(endpoint), old);
    if (events > 0) observer({ kind: 'dropped', endpoint, events, reason: 'dead-letters-full' });
  }

  /** Takes the dead letters that were asked for, oldest first; each file is removed when it was used. */
  async collect(use: (entries: readonly OutboxEntry[]) => Promise<void>): Promise<void> {
    const { layout, files } = this.#options;
    const folder = layout.directories.redeliver;
    for (const name of (await files.readdir(folder)).toSorted()) {
      const path = join(folder, name);
      await use(await readEntries(path, files));
      await files.rm(path);
    }
  }
}

export interface RedeliverOptions {
  /** Of the outbox, as the notifier was given it. */
  readonly directory: string;
  /** Only what this endpoint was given up for. All of them when absent. */
  readonly endpoint?: string | undefined;
}

/**
 * Asks for another delivery of what endpoints were given up for. It may be called from any process: the notifier that has
 * the outbox finds it within seconds, or when it starts, and puts the events behind those that wait.
 *
 * @returns How many events there are. What the system fails with passes as it is; an outbox that is not there has none.
 */
export async function redeliverDeadLetters({
  directory,
  endpoint,
}: RedeliverOptions): Promise<number> {
  const { dead, redeliver } = outboxLayout(directory).directories;
  const wanted = endpoint === undefined ? undefined : fileNameOf(endpoint);
  let events = 0;
  // `x.old.log` is behind `x.log` in byte order, and its events are older.
  for (const name of (await namesIn(dead)).toSorted().toReversed()) {
    if (wanted !== undefined && name.split('.')[0] !== wanted) continue;
    const age = name.endsWith('.old.log') ? '0' : '1';
    const moved = join(redeliver, `${name.split('.')[0]}.${Date.now()}.${age}.${randomUUID()}.log`);
    await systemFiles.rename(join(dead, name), moved);
    events += (await readEntries(moved, systemFiles)).length;
  }
  return events;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await systemFiles.readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readEntries(path: string, files: FileSystem): Promise<readonly OutboxEntry[]> {
  try {
    const { lines } = splitLines(await files.readFile(path));
    return lines.flatMap((line) => parseRecord(line)?.entry ?? []);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
