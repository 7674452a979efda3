import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkerPlace } from '../../workers/worker-place.ts';

const OF_WORKER = /^worker-([1-9]\d*)$/;

/** Where a process keeps events: the first in the directory itself, as a server of one process does, others below it. */
export function ownOutbox(directory: string, { slot }: WorkerPlace): string {
  return slot === 0 ? directory : join(directory, `worker-${slot}`);
}

/** The outboxes of workers that there were once. */
export async function leftOutboxes(
  directory: string,
  { count }: WorkerPlace,
): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => Number(OF_WORKER.exec(name)?.[1] ?? 0) >= count)
    .map((name) => join(directory, name));
}

/** Every outbox below a directory, its own first. */
export async function allOutboxes(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  const workers = names.filter((name) => OF_WORKER.test(name)).toSorted();
  return [directory, ...workers.map((name) => join(directory, name))];
}
