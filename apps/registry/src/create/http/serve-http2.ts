import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { CountedRequest, CountedResponse } from './counted-http2.ts';
import { onFirstBytes } from './first-bytes.ts';
import { READING_WINDOW, ReceiveWindows, UNREAD_WINDOW } from './receive-windows.ts';
import { takeOver } from './take-over.ts';

/** Requests at a time on one connection. docker, podman and crane have less than ten. */
const MOST_STREAMS = 100;

/** Bytes that a client may send on a connection before they have arrived. */
const CONNECTION_WINDOW = READING_WINDOW;

/** Bytes of one frame, as in distribution. */
const MOST_FRAME_SIZE = 1024 * 1024;

/** Method, scheme, authority and path stand among the headers. */
const PSEUDO_HEADERS = 4;

export interface HeaderLimits {
  /** Bytes of all headers of a request. */
  readonly headersize: number;
  /** How many there may be. */
  readonly headers: number;
}

/**
 * Lets clients speak HTTP/2 on the connections of a server of HTTP/1.1. Their requests are told as those of that server.
 *
 * Over TLS it is negotiated (ALPN). In clear a client says so with its first bytes ("prior knowledge"): no request of HTTP/1.1 begins like them.
 *
 * @see RFC 9113, sections 3.3 and 3.4.
 */
export function serveHttp2(server: Server, { headersize, headers }: HeaderLimits): Http2Server {
  const http2 = createServer({
    Http2ServerRequest: CountedRequest,
    Http2ServerResponse: CountedResponse,
    maxHeaderListPairs: headers + PSEUDO_HEADERS,
    settings: {
      maxConcurrentStreams: MOST_STREAMS,
      maxHeaderListSize: headersize,
      initialWindowSize: UNREAD_WINDOW,
      // Clients in Go fill them; with the 16 KiB of Node.js a push costs the server more time. None is held whole.
      maxFrameSize: MOST_FRAME_SIZE,
    },
  });
  const windows = new WeakMap<ServerHttp2Session, ReceiveWindows>();
  http2.on('session', (session) => {
    session.setLocalWindowSize(CONNECTION_WINDOW);
    windows.set(session, new ReceiveWindows(session));
  });
  http2.on('request', (request, response) => {
    // The client reset it before its request began: nobody waits for an answer, and nothing would tell that it is over.
    if (response.stream.destroyed) return;
    response.once('close', () => {
      response.closed = true;
    });
    const { session } = request.stream;
    if (session !== undefined) windows.get(session as ServerHttp2Session)?.follow(request);
    // The compatibility layer of Node.js is made for this; only its types are others.
    server.emit(
      'request',
      request as unknown as IncomingMessage,
      response as unknown as ServerResponse,
    );
  });
  // Half an HTTP/2 connection is of no use. A server of HTTP/1.1 lets clients close their half after the last request.
  http2.prependListener('connection', (socket) => void (socket.allowHalfOpen = false));
  const serveHttp2 = (socket: Socket) => void http2.emit('connection', socket);
  takeOver(server, (socket, serveHttp1) => {
    if ('alpnProtocol' in socket) {
      return socket.alpnProtocol === 'h2' ? serveHttp2(socket) : serveHttp1(socket);
    }
    const options = { isOpen: isUndecided, timeoutMs: server.headersTimeout };
    onFirstBytes(socket, options, (bytes) => {
      const beginning = bytes.subarray(0, PREFACE_BEGINNING.length);
      if (beginning.equals(PREFACE_BEGINNING)) serveHttp2(socket);
      else serveHttp1(socket);
    });
  });
  return http2;
}

const PREFACE_BEGINNING = Buffer.from('PRI');

/** Whether bytes can still become the beginning of HTTP/2. */
function isUndecided(bytes: Buffer): boolean {
  const { length } = bytes;
  return length < PREFACE_BEGINNING.length && PREFACE_BEGINNING.subarray(0, length).equals(bytes);
}
