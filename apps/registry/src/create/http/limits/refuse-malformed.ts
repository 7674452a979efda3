import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { RegistryError } from '@purser/core';
import { PROTECTIVE_HEADERS, renderedError } from '@purser/http-api';

/** Who floods the server with headers has to wait before he can connect again. */
const OVERFLOW_DELAY_MS = 100;

/** Beyond so many that wait, connections are worth more than the delay. */
const MOST_DELAYED = 1_000;

/**
 * Answers what Node.js could make no request of, in the error format of the registry, and ends the connection.
 *
 * @param isAnswering Whether an answer is on its way on a connection, into which nothing else may be written.
 */
export function refuseMalformed(server: Server, isAnswering: (socket: Socket) => boolean): void {
  let delayed = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET' || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    if (error.code !== 'HPE_HEADER_OVERFLOW' || delayed >= MOST_DELAYED) return end(socket, error);
    delayed++;
    // What follows is not read.
    socket.pause();
    const timer = setTimeout(() => end(socket, error), OVERFLOW_DELAY_MS);
    socket.once('close', () => {
      delayed--;
      clearTimeout(timer);
    });
  });
}

function end(socket: Socket, error: NodeJS.ErrnoException): void {
  socket.write(answerTo(error));
  socket.destroySoon();
}

function answerTo(error: NodeJS.ErrnoException): string {
  const { status, headers, body } = renderedError(REFUSALS[error.code ?? ''] ?? MALFORMED);
  const lines = Object.entries({
    ...headers,
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
