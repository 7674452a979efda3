import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * The files of an outbox:
 *
 * ```
 * <directory>/
 *   lock
 *   events/<first sequence>.log      records, see record.ts
 *   cursors/<endpoint>.json          how far an endpoint has got
 *   dead/<endpoint>.log              what it was given up for, the newer half
 *   dead/<endpoint>.old.log          … the older half
 *   redeliver/<endpoint>.<uuid>.log  dead letters to be put back
 * ```
 */
export function outboxLayout(directory: string) {
  const dead = join(directory, 'dead');
  const redeliver = join(directory, 'redeliver');
  const cursors = join(directory, 'cursors');
  return {
    directories: { events: join(directory, 'events'), cursors, dead, redeliver },
    cursor: (endpoint: string) => join(cursors, `${fileNameOf(endpoint)}.json`),
    deadLetters: (endpoint: string) => join(dead, `${fileNameOf(endpoint)}.log`),
    oldDeadLetters: (endpoint: string) => join(dead, `${fileNameOf(endpoint)}.old.log`),
  };
}

export type OutboxLayout = ReturnType<typeof outboxLayout>;

/** A file name for any text: what can be read of it, and what tells it from others. */
export function fileNameOf(endpoint: string): string {
  const readable = endpoint.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 80);
  const digest = createHash('sha256').update(endpoint).digest('hex').slice(0, 12);
  return `${readable}-${digest}`;
}
