import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Attack } from '../attack.ts';

/** A server that is behind accepts connections later: a client tries again. */
const ATTEMPTS = 20;
const PAUSE_MS = 250;

/** Resolves when a connection is gone, however it went. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Opens a connection; its errors are nobody's affair. */
export async function openConnection({ port, address }: Attack): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: address });
    try {
      await once(socket, 'connect');
      return socket.on('error', () => {});
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await wait(PAUSE_MS);
    }
  }
}
