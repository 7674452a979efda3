import type { HostileClient } from '../hostile-client.ts';

const BEGINNING = 'GET /v2/ HTTP/1.1\r\nHost: x\r\n';
const header = (length: number) => `X-Flood: ${'x'.repeat(length)}\r\n`;
/** The beginning of a request whose headers have no end. */
const ENDLESS = BEGINNING + header(80).repeat(1400);
/** As many headers as are allowed, and nearly as large: each is read, and answered. */
const ALLOWED = `${BEGINNING}${header(600).repeat(100)}\r\n`;

/** Sends headers as fast as they are taken: over one connection without an end, over another as many as are answered. */
export async function floodHeaders(client: HostileClient): Promise<void> {
  await client.keep(1, (onEnd) => flood(client, { text: ENDLESS, onEnd }));
  await client.keep(1, (onEnd) => flood(client, { text: ALLOWED, onEnd, isAnswered: true }));
}

interface Flood {
  readonly text: string;
  readonly onEnd: () => void;
  /** Whether the next follows an answer. */
  readonly isAnswered?: boolean;
}

async function flood(client: HostileClient, { text, onEnd, isAnswered }: Flood): Promise<void> {
  const socket = await client.openSocket();
  client.watch(socket, () => {
    if (isAnswered === true) client.send(socket, text);
  });
  client.send(socket, text);
  socket.once('close', onEnd);
}
