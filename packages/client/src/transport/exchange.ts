import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { AnswerHandler } from './answer-handler.ts';
import { connectionError } from './connection-error.ts';
import { displayUrl } from './display.ts';
import type { OutgoingBody } from './outgoing-body.ts';
import type { TransportRequest, TransportResponse } from './transport.ts';

/** One request to one server, which answers it or does not. */
export interface Hop {
  readonly method: TransportRequest['method'];
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: OutgoingBody | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly isTransfer?: boolean | undefined;
  /** Kept up to date while the request is sent. */
  readonly progress: Progress;
}

export interface Progress {
  /** Whether the server may have seen anything of the request that was sent last. */
  isSent: boolean;
}

export type Exchange = (hop: Hop) => Promise<TransportResponse>;

export interface ExchangeOptions {
  readonly minimumBytesPerSecond: number;
  readonly idleTimeoutMs: number;
}

/**
 * Sends a request once, and waits for the headers of the answer.
 *
 * @throws RegistryClientError `UNAVAILABLE`, `RESPONSE_INVALID`, `SIZE_INVALID`; the reason of the signal; what the body
 * fails with.
 */
export async function exchange(
  hop: Hop,
  dispatcher: Dispatcher,
  options: ExchangeOptions,
): Promise<TransportResponse> {
  const { method, url, body, signal, progress } = hop;
  signal?.throwIfAborted();
  progress.isSent = false;
  const handler = new AnswerHandler({ url, signal, progress, ...options });
  try {
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: wireHeaders(hop),
        // undici takes any iterable of bytes, which its types do not say.
        body: (body?.open() ?? null) as Readable | null,
      },
      handler,
    );
    return await handler.answer;
  } catch (error) {
    if (body?.failure !== undefined) throw body.failure.error;
    throw connectionError(error, displayUrl(url));
  }
}

function wireHeaders({ headers, body }: Hop): Record<string, string | string[]> {
  const wire: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    wire[name] = typeof value === 'string' ? value : [...value];
  }
  const length = body?.contentLength;
  if (length !== undefined) wire['content-length'] = String(length);
  return wire;
}
