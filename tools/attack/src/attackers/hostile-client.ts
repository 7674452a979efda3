import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session, type Settings } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { inParallel } from '@purser/registry-under-test';
import type { HostileTally } from './hostile-tally.ts';
import type { Target } from './order.ts';

const AT_A_TIME = 20;
/** Before something is begun again that the server has ended: hostile clients hold, and do not flood. */
const PAUSE_MS = 5_000;

/** A client that means harm, from an address of its own. */
export class HostileClient {
  readonly target: Target;
  readonly tally: HostileTally;
  readonly #address: string;

  constructor(target: Target, address: string, tally: HostileTally) {
    this.target = target;
    this.tally = tally;
    this.#address = address;
  }

  get speaksHttp2(): boolean {
    return this.target.protocol !== 'http1';
  }

  /**
   * Begins something several times, and again each time it ends.
   *
   * @param begin Returns when it has begun; calls `onEnd` when it is over.
   * @returns When all have begun once.
   */
  async keep(count: number, begin: (onEnd: () => void) => Promise<void>): Promise<void> {
    const start = async (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      // A server that is busy, or that ends connections at once, is tried again.
      await begin(resolve).catch(() => resolve());
      void promise.then(() => wait(PAUSE_MS)).then(start);
    };
    await inParallel(Array.from({ length: count }), AT_A_TIME, start);
  }

  /** Opens a connection for HTTP/1.1. */
  async openSocket(): Promise<Socket> {
    return this.#opened(this.#connect('http/1.1'));
  }

  /** Opens a connection for HTTP/2. */
  async openSession(settings: Settings): Promise<ClientHttp2Session> {
    const socket = await this.#opened(this.#connect('h2'));
    const session = connectHttp2('http://127.0.0.1', { createConnection: () => socket, settings });
    session.on('error', () => {});
    await once(session, 'remoteSettings');
    return session;
  }

  /** Counts the statuses of all answers on a connection of HTTP/1.1. */
  watch(socket: Socket, onAnswer: (status: string, text: string) => void = () => {}): void {
    socket.setEncoding('latin1').on('data', (text: string) => {
      for (const [, status = ''] of text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
        this.tally.answers.add(status);
        onAnswer(status, text);
      }
    });
  }

  /** Sends a part of a request, and counts it. */
  send(socket: Socket, text: string | Uint8Array): boolean {
    this.tally.sent += text.length;
    return socket.write(text);
  }

  #connect(protocol: 'http/1.1' | 'h2'): Socket {
    const to = { port: this.target.port, host: '127.0.0.1', localAddress: this.#address };
    if (this.target.protocol !== 'tls') return connect(to);
    return connectTls({ ...to, rejectUnauthorized: false, ALPNProtocols: [protocol] });
  }

  async #opened(socket: Socket): Promise<Socket> {
    await once(socket, this.target.protocol === 'tls' ? 'secureConnect' : 'connect');
    this.tally.open++;
    return socket.on('error', () => {}).once('close', () => this.tally.open--);
  }
}
