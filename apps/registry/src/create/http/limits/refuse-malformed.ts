import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { RegistryError } from '@purser/core';
import { PROTECTIVE_HEADERS, renderedError } from '@purser/http-api';
import type { Connections } from '../connections.ts';

/** Who floods the server with headers has to wait before he can connect again. */
const OVERFLOW_DELAY_MS = 100;

/** Beyond so many that wait, connections are worth more than the delay. */
const MOST_DELAYED = 1_000;

/**
 * Answers what Node.js could make no request of, in the error format of the registry, and ends the connection. While an
 * answer is on its way on a connection, nothing else may be written into it.
 */
export function refuseMalformed(
  server: Server,
  connections: Pick<Connections, 'runningOn' | 'linger'>,
): void {
  const refused = new WeakSet<Socket>();
  let delayed = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Over TLS, bytes that have come are read also when the connection is paused.
    if (refused.has(socket) && socket.writable) return;
    refused.add(socket);
    const isAnswering = connections.runningOn(socket) > 0;
    if (!socket.writable || error.code === 'ECONNRESET' || isAnswering) {
      socket.destroy();
      return;
    }
    const end = () => {
      socket.write(renderRefusal(REFUSALS[error.code ?? ''] ?? MALFORMED));
      connections.linger(socket);
    };
    if (error.code !== 'HPE_HEADER_OVERFLOW' || delayed >= MOST_DELAYED) return end();
    delayed++;
    // What follows is not read.
    socket.pause();
    const timer = setTimeout(end, OVERFLOW_DELAY_MS);
    socket.once('close', () => {
      delayed--;
      clearTimeout(timer);
    });
  });
}

/** A whole answer of HTTP/1.1, for a connection that ends with it. */
export function renderRefusal(error: RegistryError): string {
  const { status, headers, body } = renderedError(error);
  const lines = Object.entries({
    ...headers,
    'X-Request-Id': randomUUID(),
    ...PROTECTIVE_HEADERS,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`;
}

const REFUSALS: Readonly<Record<string, RegistryError>> = {
  HPE_HEADER_OVERFLOW: new RegistryError('HEADERS_TOO_LARGE', {
    message:
      'the headers are too many, or too large: send a shorter token, or ask the operator, whose http.limits decides',
  }),
  ERR_HTTP_REQUEST_TIMEOUT: new RegistryError('REQUEST_TIMEOUT', {
    message: 'the headers took too long to arrive: try again over a faster line',
  }),
};

const MALFORMED = new RegistryError('REQUEST_MALFORMED');
