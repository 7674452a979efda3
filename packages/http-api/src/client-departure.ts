import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import type { Context } from 'koa';
import { http2StreamOf } from './http2-stream.ts';

/** Whether nobody waits for an answer, or for the rest of one. */
export function isClosed(response: ServerResponse): boolean {
  return http2StreamOf(response)?.closed ?? (response.destroyed || response.closed);
}

/** Aborted when the connection closes before it has its answer: for work that nobody waits for any more. */
export function departureSignal({ res }: Context): AbortSignal {
  const controller = new AbortController();
  if (isClosed(res)) controller.abort();
  // To abort costs more than most answers, and once there is one nobody would notice.
  else res.once('close', () => isAnswered(res) || controller.abort());
  return controller.signal;
}

function isAnswered(response: ServerResponse): boolean {
  const stream = http2StreamOf(response);
  // A stream that is reset counts as written to its end.
  if (stream !== undefined) return !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR;
  return response.writableFinished;
}

const DEPARTURES = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/** Whether a failure only says that the client has left. */
export function isDeparture(error: unknown, { req, res }: Context): boolean {
  if (!isClosed(res) && !req.aborted) return false;
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || ('code' in error && DEPARTURES.has(String(error.code)));
}
