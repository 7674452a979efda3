import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';

/**
 * Compares the file handles of this process with the connections that the configuration allows. Of systems other than
 * Linux nothing is known.
 *
 * @returns A warning; none when there are enough.
 */
export async function findHandleShortage({
  connections,
  requests,
  transfers,
}: Config['http']['limits']): Promise<readonly string[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const available = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  // A transfer holds a connection and a file. Without a limit of connections, requests are what is bounded.
  const needed = Math.max(connections, requests + 2 * transfers);
  if (available >= needed) return [];
  return [
    `this process may open ${available} files, and http.limits allows ${needed} connections and files: when all are open, requests fail; raise the limit (LimitNOFILE= of systemd, --ulimit nofile= of Docker) or lower http.limits.connections and http.limits.transfers`,
  ];
}
