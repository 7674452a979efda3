import { randomBytes } from 'node:crypto';
import type { HostileClient } from '../hostile-client.ts';
import { every, sendOnce } from './every.ts';

const EVERY_MS = 500;
const LEAVE_AFTER_MS = 300;

/** Asks for blobs of a slow upstream, a new one each time, and leaves when they begin to come. */
export function leavePulls(client: HostileClient): Promise<void> {
  return every(EVERY_MS, () => {
    const path = `${client.target.content.pulledBlobs}sha256:${randomBytes(32).toString('hex')}`;
    const text = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    sendOnce(client, { text, leaveAfterMs: LEAVE_AFTER_MS }).catch(() => {});
  });
}
