import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { RegistryError } from '@purser/core';
import { onFirstBytes } from './first-bytes.ts';
import { LingeringConnections } from './lingering.ts';
import { renderRefusal } from './limits/refuse-malformed.ts';

/** The text of servers in Go, by which users find the cause. */
const REFUSAL = new RegistryError('REQUEST_MALFORMED', {
  message: 'Client sent an HTTP request to an HTTPS server.',
});

/**
 * Answers clients that speak HTTP in clear to a server of TLS, before TLS sees their connections. Call it before other
 * listeners are added: they see every connection, as they do without it.
 */
export function refuseClear(server: Server): void {
  const lingering = new LingeringConnections();
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const options = { isOpen: isEmpty, timeoutMs: server.headersTimeout };
    onFirstBytes(socket, options, (bytes) => {
      if (!isMethod(bytes)) return listeners.forEach((listener) => listener.call(server, socket));
      socket.on('error', () => socket.destroy());
      socket.write(renderRefusal(REFUSAL));
      lingering.end(socket);
    });
  });
}

const isEmpty = ({ length }: Buffer) => length === 0;

/** Methods of HTTP begin with a capital letter, messages of TLS with a number below 32. */
function isMethod([first = 0]: Buffer): boolean {
  return first >= 0x41 && first <= 0x5a;
}
