import type { Socket } from 'node:net';
import { inParallel } from '@purser/registry-under-test';
import type { Attack } from '../attack.ts';
import { Answers } from './answers.ts';
import { closeOf, openConnection } from './connection.ts';
import type { RunningAttack } from './running-attack.ts';

const AT_A_TIME = 50;
const UPLOADS = '/v2/siege/slow/blobs/uploads/';
/** A kilobyte in five seconds: slower than any line of today, and alive. */
const PART = 'x'.repeat(1000);
const EVERY_MS = 5_000;
/** As large as a layer may be. */
const LENGTH = 1024 * 1024 * 1024;

/** Begins uploads, and sends a little of each now and then. */
export function uploadSlowly(attack: Attack): RunningAttack {
  const open = new Set<Socket>();
  const answers = new Answers();
  let sent = 0;
  const send = (socket: Socket) => {
    if (!socket.writable) return;
    sent += PART.length;
    socket.write(PART);
  };
  const begin = async () => {
    const socket = await openConnection(attack);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const location = Promise.withResolvers<string>();
    answers.watch(socket, (_, text) => {
      const path = /^location: (?:https?:\/\/[^/]+)?(\/\S+)/im.exec(text)?.[1];
      if (path !== undefined) location.resolve(path);
    });
    socket.write(`POST ${UPLOADS} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
    const path = await Promise.race([location.promise, closeOf(socket).then(() => '')]);
    if (path === '') return;
    socket.write(`PATCH ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${LENGTH}\r\n\r\n`);
    send(socket);
    const timer = setInterval(() => send(socket), EVERY_MS);
    socket.once('close', () => clearInterval(timer));
  };
  const ready = inParallel(Array.from({ length: attack.count }), AT_A_TIME, begin);
  return {
    ready: ready.then(() => {}),
    result: () => ({ open: open.size, sent, answers: answers.counts }),
  };
}
