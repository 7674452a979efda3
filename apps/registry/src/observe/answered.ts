import type { Context } from 'koa';

/** What a request ends with whose client left before it was answered: no server sends it, nginx logs it. */
const CLIENT_LEFT = 499;

/** The status that a client got; 499 for one that left before. */
export function answeredStatus({ res }: Context): number {
  return res.headersSent ? res.statusCode : CLIENT_LEFT;
}

/** The bytes that the socket of a request has taken; `undefined` if its HTTP/2 connection has ended, even before its first request. */
export function bytesTaken({ socket }: Context): number | undefined {
  return socket.bytesWritten;
}

/**
 * The bytes of the body that a client got: what was announced, when all of it went out; else what the socket took,
 * headers included, at most that much.
 *
 * @param takenBefore What the socket had taken when the request began.
 */
export function bytesOfBody(context: Context, takenBefore: number | undefined): number {
  const { req, res } = context;
  if (req.method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304) return 0;
  const announced = Number(res.getHeader('Content-Length') ?? NaN);
  if (res.writableFinished && !Number.isNaN(announced)) return announced;
  const taken = bytesTaken(context);
  if (taken === undefined || takenBefore === undefined) return 0;
  const sent = taken - takenBefore;
  return Number.isNaN(announced) ? sent : Math.min(sent, announced);
}
