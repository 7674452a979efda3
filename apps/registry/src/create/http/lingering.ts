import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** 8 MiB, as for the rest of a body on a connection that stays. */
const MAXIMUM_BYTES = 8 * 1024 * 1024;

/** Time for a client to take its answer, and to notice the end of the connection. */
const MAXIMUM_MS = 10_000;

/** Beyond this number, connections end at once. */
const MAXIMUM_CONNECTIONS = 1_000;

/**
 * Connections that the server ends while their clients send. Only the server's half is closed; what comes is read and
 * thrown away, within bounds, until the client closes its half.
 *
 * A system that closes a connection with unread bytes resets it, and the answer is lost: a client that sends a whole
 * body before it reads would see a broken connection instead of a refusal.
 *
 * @see RFC 9112, section 9.6.
 */
export class LingeringConnections {
  readonly #open = new Set<Socket>();

  /** Called for each request of HTTP/1.1: from now on, Node.js ends its connection in this way. */
  follow(request: IncomingMessage): void {
    request.socket.destroySoon = () => this.#endAfter(request);
  }

  /** Sends what is written, and closes a connection when its client has stopped sending, or at a bound. */
  end(socket: Socket): void {
    if (this.#open.has(socket)) return;
    if (this.#open.size >= MAXIMUM_CONNECTIONS) return endAtOnce(socket);
    this.#open.add(socket);
    const timer = setTimeout(() => socket.destroy(), MAXIMUM_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#open.delete(socket);
    });
    let bytes = 0;
    // A listener takes the connection from the parser of HTTP: no further request is made of what comes.
    socket.removeAllListeners('data').on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > MAXIMUM_BYTES) socket.destroy();
    });
    socket.once('end', () => socket.destroy());
    socket.end();
    // The parser may have stopped reading in a way that is not known to the connection: this ends that read.
    socket.push('');
    socket.resume();
  }

  #endAfter(request: IncomingMessage): void {
    if (request.complete) return endAtOnce(request.socket);
    this.end(request.socket);
    // A reader of the request would wait for ever.
    request.destroy();
  }
}

function endAtOnce(socket: Socket): void {
  Socket.prototype.destroySoon.call(socket);
}

/** A request of HTTP/1.1 that can end before its connection, when that lingers. */
export class LingeringRequest extends IncomingMessage {
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { destroyed, writableEnded } = this.socket;
    if (destroyed || !writableEnded || this.complete) return super._destroy(error, done);
    this.aborted = true;
    process.nextTick(done, this.listenerCount('error') > 0 ? error : null);
  }
}
