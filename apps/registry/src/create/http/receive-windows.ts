import type { ServerHttp2Session } from 'node:http2';
import type { CountedRequest } from './counted-http2.ts';

/** Bytes of a body that a client can send before the server reads any: what a request that waits can hold. */
export const UNREAD_WINDOW = 64 * 1024;

/**
 * The same while the server reads a body on the connection, as in distribution: with the 64 KiB of Node.js, a push over
 * 100 ms of network would get 640 kB/s.
 */
export const READING_WINDOW = 1024 * 1024;

/**
 * Opens the receive windows of the streams of a session while a body is read, and closes them again. Node.js has no call
 * for the window of one stream: the setting changes all of a session.
 */
export class ReceiveWindows {
  readonly #session: ServerHttp2Session;
  #reading = 0;
  #size = UNREAD_WINDOW;

  /** @param session Its setting is `UNREAD_WINDOW` so far. */
  constructor(session: ServerHttp2Session) {
    this.#session = session;
    session.on('localSettings', () => this.#adjust());
  }

  /** Called for each request, before anything reads it. */
  follow(request: CountedRequest): void {
    request.onceRead(() => {
      this.#reading++;
      this.#adjust();
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        this.#reading--;
        this.#adjust();
      };
      request.once('end', end).once('close', end);
    });
  }

  /** One change at a time: the client acknowledges each, and the next follows then. */
  #adjust(): void {
    const wanted = this.#reading > 0 ? READING_WINDOW : UNREAD_WINDOW;
    const { closed, destroyed, pendingSettingsAck } = this.#session;
    if (wanted === this.#size || closed || destroyed || pendingSettingsAck) return;
    this.#size = wanted;
    this.#session.settings({ initialWindowSize: wanted });
  }
}
