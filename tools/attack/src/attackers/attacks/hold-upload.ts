import type { HostileClient } from '../hostile-client.ts';
import { beginUpload, patchOf } from './upload-session.ts';

/** Requests for one upload session that wait for the one that holds it. */
const WAITING = 30;
const CHUNK = Buffer.alloc(64 * 1024, 'x');
const CHUNKS = 64;

/** Holds an upload session with a request that stands still, and sends 4 MiB in each of many others for that session. */
export async function holdUpload(client: HostileClient): Promise<void> {
  const socket = await client.openSocket();
  const path = await beginUpload(client, socket);
  if (path === '') return;
  client.send(socket, patchOf(path, CHUNKS * CHUNK.length));
  client.send(socket, CHUNK);
  const wait = client.speaksHttp2 ? waitOnStream : waitOnSocket;
  await client.keep(WAITING, (onEnd) => wait(client, path, onEnd));
}

async function waitOnSocket(client: HostileClient, path: string, onEnd: () => void): Promise<void> {
  const socket = await client.openSocket();
  // A refused client sends no more: the attack holds, and does not flood.
  client.watch(socket, () => socket.destroy());
  socket.once('close', onEnd);
  client.send(socket, patchOf(path, CHUNKS * CHUNK.length));
  let left = CHUNKS;
  const write = () => {
    while (left-- > 0 && socket.writable && client.send(socket, CHUNK));
  };
  socket.on('drain', write);
  write();
}

async function waitOnStream(client: HostileClient, path: string, onEnd: () => void): Promise<void> {
  const session = await client.openSession({});
  session.once('close', onEnd);
  const headers = { ':method': 'PATCH', ':path': path };
  const stream = session.request(headers, { endStream: false }).on('error', () => {});
  stream.once('response', ({ ':status': status }) => {
    client.tally.answers.add(String(status));
    session.destroy();
  });
  stream.resume().once('close', () => session.destroy());
  let left = CHUNKS;
  const write = () => {
    if (left-- <= 0 || stream.destroyed) return;
    client.tally.sent += CHUNK.length;
    stream.write(CHUNK, write);
  };
  write();
}
