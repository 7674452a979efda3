import { join } from 'node:path';
import type { NotifierObserver } from '../observer.ts';
import { Cursor } from './cursor.ts';
import type { FileSystem } from './file-system.ts';
import type { Journal } from './journal.ts';
import type { OutboxLayout } from './layout.ts';

export interface CursorsOptions {
  readonly layout: OutboxLayout;
  /** Their names. */
  readonly endpoints: readonly string[];
  readonly files: FileSystem;
  readonly observer: NotifierObserver;
}

/** Where each endpoint stands, `undefined` for a new one. What is known of others is forgotten. */
export async function readCursors(
  options: CursorsOptions,
): Promise<ReadonlyMap<string, Cursor | undefined>> {
  const { layout, endpoints, files } = options;
  const kept = new Set(endpoints.map(layout.cursor));
  for (const name of await files.readdir(layout.directories.cursors)) {
    const path = join(layout.directories.cursors, name);
    if (!kept.has(path)) await files.rm(path, { force: true });
  }
  const cursors = new Map<string, Cursor | undefined>();
  for (const endpoint of endpoints) {
    cursors.set(endpoint, await Cursor.open(cursorOptions(endpoint, options)));
  }
  return cursors;
}

/** Lets new endpoints begin at the present, and those whose position was damaged at what is kept. */
export async function placeCursors(
  known: ReadonlyMap<string, Cursor | undefined>,
  journal: Journal,
  options: CursorsOptions,
): Promise<ReadonlyMap<string, Cursor>> {
  const cursors = new Map<string, Cursor>();
  for (const [endpoint, found] of known) {
    const cursor = found ?? Cursor.create(journal.next, cursorOptions(endpoint, options));
    if (cursor.next === 0) cursor.advance(journal.first);
    await cursor.settle();
    cursors.set(endpoint, cursor);
  }
  return cursors;
}

function cursorOptions(endpoint: string, { layout, files, observer }: CursorsOptions) {
  return { path: layout.cursor(endpoint), endpoint, files, observer };
}
