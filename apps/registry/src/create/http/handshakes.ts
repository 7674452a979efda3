import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { speaksTls } from './take-over.ts';

/** Connections of which TLS has made nothing yet. To a server in clear there are none. */
export class Handshakes {
  /** By peer, since the connection that TLS gives is another object. */
  readonly #open = new Map<string, Socket>();

  constructor(server: Server) {
    if (!speaksTls(server)) return;
    server.on('connection', (socket) => this.#track(socket));
    server.prependListener('secureConnection', (socket: Socket) => {
      this.#open.delete(peerOf(socket));
    });
  }

  /** The one that was begun first. */
  get longest(): Socket | undefined {
    const [first] = this.#open.values();
    return first;
  }

  endAll(): void {
    for (const socket of this.#open.values()) socket.destroy();
  }

  #track(socket: Socket): void {
    const peer = peerOf(socket);
    this.#open.set(peer, socket);
    socket.once('close', () => this.#open.get(peer) === socket && this.#open.delete(peer));
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
