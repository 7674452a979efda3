import type { HostileClient } from '../hostile-client.ts';
import { beginUpload, patchOf } from './upload-session.ts';

const COUNT = 200;
/** A kilobyte in five seconds: slower than any line of today, and alive. */
const PART = 'x'.repeat(1000);
const EVERY_MS = 5_000;
/** As large as a layer may be. */
const LENGTH = 1024 * 1024 * 1024;

/** Begins uploads, and sends a little of each now and then. */
export function uploadSlowly(client: HostileClient): Promise<void> {
  return client.keep(COUNT, async (onEnd) => {
    const socket = await client.openSocket();
    socket.once('close', onEnd);
    const path = await beginUpload(client, socket);
    if (path === '') return;
    client.send(socket, patchOf(path, LENGTH));
    client.send(socket, PART);
    const timer = setInterval(() => client.send(socket, PART), EVERY_MS);
    socket.once('close', () => clearInterval(timer));
  });
}
