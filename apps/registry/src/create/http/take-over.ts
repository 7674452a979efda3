import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What decides about a connection; `serve` goes on with it as before. */
export type Decide = (socket: Socket, serve: (socket: Socket) => void) => void;

/** Decides about each new connection before what serves it now. Over TLS it is asked after the handshake. */
export function takeOver(server: Server, decide: Decide): void {
  const event = acceptedEvent(server);
  const listeners = server.listeners(event) as ((socket: Socket) => void)[];
  const serve = (socket: Socket) => listeners.forEach((listener) => listener.call(server, socket));
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => decide(socket, serve));
}

/** What tells of a connection that requests can come on. */
export function acceptedEvent(server: Server): 'connection' | 'secureConnection' {
  return speaksTls(server) ? 'secureConnection' : 'connection';
}

export function speaksTls(server: Server): boolean {
  return 'setSecureContext' in server;
}
