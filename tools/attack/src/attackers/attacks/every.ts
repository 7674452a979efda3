import { once } from 'node:events';
import type { HostileClient } from '../hostile-client.ts';

/** Does something at once and then again at an interval. */
export function every(ms: number, action: (turn: number) => void): Promise<void> {
  let turn = 0;
  action(turn++);
  setInterval(() => action(turn++), ms);
  return Promise.resolve();
}

export interface SingleRequest {
  /** The request with its headers; `Connection: close` ends it. */
  readonly text: string;
  readonly body?: Uint8Array | undefined;
  /** Leaves so many milliseconds after the request is sent. Default: after the answer. */
  readonly leaveAfterMs?: number | undefined;
}

/** Sends one request on a connection of its own, reads the answer and leaves. */
export async function sendOnce(
  client: HostileClient,
  { text, body, leaveAfterMs }: SingleRequest,
): Promise<void> {
  const socket = await client.openSocket();
  client.watch(socket);
  client.send(socket, text);
  if (body !== undefined) client.send(socket, body);
  if (leaveAfterMs !== undefined) setTimeout(() => socket.destroy(), leaveAfterMs);
  await once(socket, 'close');
}
