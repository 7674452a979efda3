import type { Context } from 'koa';

/** What a request ends with whose client left before it was answered: no server sends it, nginx logs it. */
const CLIENT_LEFT = 499;

/** The status that a client got; 499 for one that left before. */
export function answeredStatus({ res }: Context): number {
  return res.headersSent ? res.statusCode : CLIENT_LEFT;
}

/**
 * The bytes of the body that a client got: what was announced, when all of it went out; else what the socket took,
 * headers included, at most that much.
 *
 * @param writtenBefore What the socket had taken when the request began.
 */
export function bytesOfBody({ req, res, socket }: Context, writtenBefore: number): number {
  if (req.method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304) return 0;
  const announced = Number(res.getHeader('Content-Length') ?? NaN);
  if (res.writableFinished && !Number.isNaN(announced)) return announced;
  // An HTTP/2 connection that broke has forgotten what it sent.
  const sent = (socket.bytesWritten ?? writtenBefore) - writtenBefore;
  return Number.isNaN(announced) ? sent : Math.min(sent, announced);
}
