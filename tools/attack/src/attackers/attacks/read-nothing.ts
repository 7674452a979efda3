import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import type { HostileClient } from '../hostile-client.ts';

export interface ReadNothingOptions {
  readonly path: string;
  /** Answers to leave unread at a time. */
  readonly count: number;
  /** Bytes that the client takes of an answer over HTTP/2. Default: 0. */
  readonly window?: number | undefined;
  /** Speaks HTTP/1.1 in any case. Default: `false`. */
  readonly isHttp1?: boolean | undefined;
}

/** As many as servers allow. */
const STREAMS_OF_A_CONNECTION = 99;
/** Without a read, a client learns only by writing that its connection has ended. */
const PROBE_EVERY_MS = 1000;

/** Asks for an answer many times at once, and reads nothing: over HTTP/1.1 with a connection for each. */
export async function readNothing(
  client: HostileClient,
  options: ReadNothingOptions,
): Promise<void> {
  if (options.isHttp1 === true || !client.speaksHttp2) {
    return client.keep(options.count, (onEnd) => askOnSocket(client, options.path, onEnd));
  }
  const { count, window = 0, path } = options;
  for (let left = count; left > 0; left -= STREAMS_OF_A_CONNECTION) {
    let session: ClientHttp2Session | undefined;
    const open = async () => {
      if (session === undefined || session.closed || session.destroyed) {
        session = await client.openSession({ initialWindowSize: window });
      }
      return session;
    };
    await open();
    await client.keep(Math.min(left, STREAMS_OF_A_CONNECTION), async (onEnd) =>
      askOnStream(client, { session: await open(), path, onEnd }),
    );
  }
}

async function askOnSocket(client: HostileClient, path: string, onEnd: () => void): Promise<void> {
  const socket = await client.openSocket();
  socket.pause();
  client.send(socket, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  // Empty lines before a request count for nothing.
  const probe = setInterval(() => socket.write('\r\n'), PROBE_EVERY_MS);
  socket.once('close', () => {
    clearInterval(probe);
    client.tally.answers.add('ended');
    onEnd();
  });
}

interface Question {
  readonly session: ClientHttp2Session;
  readonly path: string;
  readonly onEnd: () => void;
}

function askOnStream(client: HostileClient, { session, path, onEnd }: Question): void {
  const stream = session.request({ ':path': path }).on('error', () => {});
  stream.pause().once('response', ({ ':status': status }) => {
    client.tally.answers.add(String(status));
  });
  void once(stream, 'close')
    .catch(() => {})
    .then(() => client.tally.answers.add('reset'))
    .then(onEnd);
}
