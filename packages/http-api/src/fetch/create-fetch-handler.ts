import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequestHandler } from '../create-request-handler.ts';
import type { RegistryApiOptions } from '../options.ts';
import { FetchRequest } from './fetch-request.ts';
import { FetchResponse } from './fetch-response.ts';
import { FetchSocket } from './fetch-socket.ts';

/** The facts about a connection that a `Request` does not hold. */
export interface FetchConnection {
  /** The client's address. Default: unknown. */
  readonly client?: { readonly address: string; readonly port?: number | undefined } | undefined;
}

/**
 * Answers a request. A body streams in both directions, as fast as its reader reads.
 *
 * Rejects when the client leaves before there is an answer: the `signal` of the request is aborted.
 */
export type FetchHandler = (request: Request, connection?: FetchConnection) => Promise<Response>;

/**
 * The registry HTTP API as a handler from `Request` to `Response`, for Hono, Bun, Deno and other runtimes of the fetch API: a path
 * that is not below `<prefix>/v2` is answered with 404.
 *
 * @throws TypeError when an option could not work.
 */
export function createFetchHandler(options: RegistryApiOptions): FetchHandler {
  const handle = createRequestHandler(options);

  return (request, connection) =>
    new Promise((resolve, reject) => {
      const socket = new FetchSocket({
        remoteAddress: connection?.client?.address,
        remotePort: connection?.client?.port,
        encrypted: request.url.startsWith('https:'),
      });
      const incoming = new FetchRequest(request, socket);
      const response = new FetchResponse({
        socket,
        isHead: request.method === 'HEAD',
        onHead: resolve,
        onDeparture: () => socket.destroy(),
      });
      socket.once('close', () => {
        if (!response.writableFinished) incoming.abort();
        incoming.destroy();
        response.destroy();
        reject(request.signal.aborted ? request.signal.reason : new Error('the request broke off'));
      });
      // Without listeners, an error that only says that the client left would end the process.
      incoming.on('error', () => {});
      response.on('error', () => {});
      if (request.signal.aborted) return socket.destroy();
      request.signal.addEventListener('abort', () => socket.destroy(), { once: true });
      handle(
        incoming as unknown as IncomingMessage,
        response as unknown as ServerResponse<IncomingMessage>,
      );
    });
}
