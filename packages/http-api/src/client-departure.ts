import type { Context } from 'koa';

/** Aborted when the connection closes before it has its answer: for work that nobody waits for any more. */
export function departureSignal({ res }: Context): AbortSignal {
  const controller = new AbortController();
  if (res.closed) controller.abort();
  // To abort costs more than most answers, and once there is one nobody would notice.
  else res.once('close', () => res.writableFinished || controller.abort());
  return controller.signal;
}

const DEPARTURES = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/** Whether a failure only says that the client has left. */
export function isDeparture(error: unknown, { req, res }: Context): boolean {
  if (!res.destroyed && !req.aborted) return false;
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || ('code' in error && DEPARTURES.has(String(error.code)));
}
