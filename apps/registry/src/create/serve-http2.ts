import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, type Http2Server, type ServerOptions } from 'node:http2';
import type { Socket } from 'node:net';

/** Bounds of what one client can make the server hold and do; the tests show each, and those of Node.js that we rely on. */
const OPTIONS: ServerOptions = {
  settings: {
    // Requests at a time on one connection. docker, podman and crane have less than ten.
    maxConcurrentStreams: 100,
    // As `maxHeaderSize` of HTTP/1.1.
    maxHeaderListSize: 64 * 1024,
    // Bytes that a client may send of a body before they are read, as in distribution: with Node's 64 KiB a push over
    // 100 ms of network would get 640 kB/s.
    initialWindowSize: 1024 * 1024,
  },
};

const FIRST_BYTES_TIMEOUT_MS = 60_000;

/**
 * Lets clients speak HTTP/2 on the connections of a server of HTTP/1.1. Their requests are told as those of that server.
 *
 * In clear a client says so with its first bytes ("prior knowledge"): no request of HTTP/1.1 begins like them.
 *
 * @see RFC 9113, sections 3.3 and 3.4.
 */
export function serveHttp2(server: Server): Http2Server {
  const http2 = createServer(OPTIONS);
  http2.on('request', (request, response) => {
    // The compatibility layer of Node.js is made for this; only its types are others.
    server.emit(
      'request',
      request as unknown as IncomingMessage,
      response as unknown as ServerResponse,
    );
  });
  // Half an HTTP/2 connection is of no use. A server of HTTP/1.1 lets clients close their half after the last request.
  http2.prependListener('connection', (socket) => void (socket.allowHalfOpen = false));
  takeOver(server, 'connection', (socket, serveHttp1) => {
    onFirstBytes(socket, (bytes) => {
      if (bytes.equals(PREFACE_BEGINNING)) http2.emit('connection', socket);
      else serveHttp1(socket);
    });
  });
  return http2;
}

/** Decides about each new connection before what would serve it by HTTP/1.1. */
function takeOver(
  server: Server,
  event: 'connection',
  decide: (socket: Socket, serveHttp1: (socket: Socket) => void) => void,
): void {
  const listeners = server.listeners(event) as ((socket: Socket) => void)[];
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) =>
    decide(socket, () => listeners.forEach((listener) => listener.call(server, socket))),
  );
}

const PREFACE_BEGINNING = Buffer.from('PRI');

/**
 * Looks at what a client sends first, as far as it could be the beginning of HTTP/2, and leaves it there to be read. Who
 * sends nothing for a minute, as long as the headers of a request may take, is let go.
 */
function onFirstBytes(socket: Socket, found: (bytes: Buffer) => void): void {
  const end = () => void socket.destroy();
  let bytes = Buffer.alloc(0);
  const look = () => {
    bytes = Buffer.concat([bytes, (socket.read() as Buffer | null) ?? Buffer.alloc(0)]);
    const beginning = bytes.subarray(0, PREFACE_BEGINNING.length);
    const isShort = beginning.length < PREFACE_BEGINNING.length;
    if (isShort && PREFACE_BEGINNING.subarray(0, beginning.length).equals(beginning)) return;
    socket.off('readable', look).off('timeout', end).off('end', end).off('error', end);
    socket.setTimeout(0);
    socket.unshift(bytes);
    found(beginning);
  };
  socket.on('readable', look).on('timeout', end).on('end', end).on('error', end);
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS);
}
