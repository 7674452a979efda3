import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** Tells of each session, and of the connection that it speaks on: to whoever asks the session, that is another object. */
export function onSession(
  http2: Http2Server,
  tell: (session: ServerHttp2Session, connection: Socket) => void,
): void {
  let accepted: Socket;
  http2.prependListener('connection', (socket) => (accepted = socket));
  // Emitted in the course of that.
  http2.on('session', (session) => tell(session, accepted));
}
