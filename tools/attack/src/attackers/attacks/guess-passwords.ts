import type { HostileClient } from '../hostile-client.ts';
import { every, sendOnce } from './every.ts';

const EVERY_MS = 200;

/** Sends wrong passwords of one user; half of the requests do not wait for an answer. */
export function guessPasswords(client: HostileClient): Promise<void> {
  return every(EVERY_MS, (turn) => {
    const credentials = Buffer.from(`${client.target.content.user}:wrong ${turn}`);
    const text =
      `GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
      `Authorization: Basic ${credentials.toString('base64')}\r\n\r\n`;
    const leaveAfterMs = turn % 2 === 0 ? 20 : undefined;
    sendOnce(client, { text, leaveAfterMs }).catch(() => {});
  });
}
