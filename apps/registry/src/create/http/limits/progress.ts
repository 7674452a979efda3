import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { RegistryError } from '@purser/core';
import { resetStream, streamOf } from '../counted-http2.ts';
import { hasArrived, progressOf, type Progress } from '../progress-of.ts';
import { answerDirectly } from './answer-directly.ts';

export interface ProgressLimits {
  /** The fewest bytes a second that a client sends or takes, on average over `idletimeout`. 0 is no limit. */
  readonly bodyrate: number;
  /** Milliseconds. 0 is no limit. */
  readonly idletimeout: number;
  /** How long a body may take that is no blob, in milliseconds. 0 is no limit. */
  readonly requesttimeout: number;
}

interface MeasuredProgress extends Progress {
  readonly since: number;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedAt: number;
  last: MeasuredProgress;
}

/** How often within a window exchanges are looked at: a slow one is ended at most this part of it late. */
const LOOKS = 4;

/**
 * Ends requests whose client sends, or takes, next to nothing: a client that is slow and goes on is left in peace,
 * however long it takes, and time in which it waits for the server does not count. A body that is no blob has a bound in
 * time as well.
 *
 * One timer looks at all of them. In HTTP/2 each stream counts for itself, and ends without the others of its connection.
 */
export function limitSlowness(
  server: Server,
  { bodyrate, idletimeout, requesttimeout }: ProgressLimits,
): void {
  const windows = [bodyrate > 0 ? idletimeout : 0, requesttimeout].filter((ms) => ms > 0);
  if (windows.length === 0) return;
  const exchanges = new Set<Exchange>();
  const leastBytes = (bodyrate * idletimeout) / 1000;

  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const last = look(request, response);
    const exchange = { request, response, startedAt: last.since, last };
    exchanges.add(exchange);
    // A body may be on its way for longer than an answer that refuses it.
    response.once('close', () => hasArrived(request) && exchanges.delete(exchange));
    request.once('close', () => response.closed && exchanges.delete(exchange));
  });

  const shortest = windows.reduce((one, other) => Math.min(one, other));
  const timer = setInterval(() => exchanges.forEach(check), shortest / LOOKS).unref();
  server.once('close', () => clearInterval(timer));

  function check(exchange: Exchange): void {
    const { request, response, startedAt, last } = exchange;
    const now = look(request, response);
    if (requesttimeout > 0 && isOverdue(exchange, now.since - startedAt))
      return end(exchange, LATE);
    if (now.turn === 'ours' || now.turn !== last.turn) return void (exchange.last = now);
    if (bodyrate === 0 || idletimeout === 0 || now.since - last.since < idletimeout) return;
    if (now.bytes - last.bytes < leastBytes) return end(exchange, SLOW);
    exchange.last = now;
  }

  function isOverdue({ request, response }: Exchange, age: number): boolean {
    if (age <= requesttimeout || hasArrived(request)) return false;
    return response.writableEnded || !BLOB_UPLOAD.test(request.url ?? '');
  }
}

const BLOB_UPLOAD = /\/blobs\/uploads(?:\/|\?|$)/;

function look(request: IncomingMessage, response: ServerResponse): MeasuredProgress {
  return { ...progressOf(request, response), since: performance.now() };
}

const LATE = 'the request took too long to arrive: what is no blob has to come faster';
const SLOW = 'the request came too slowly: go on from what was received, over a faster line';

function end({ request, response }: Exchange, message: string): void {
  if (!response.headersSent) {
    return answerDirectly(request, response, new RegistryError('REQUEST_TIMEOUT', { message }));
  }
  const stream = streamOf(request);
  if (stream === undefined) request.socket.destroy();
  else resetStream(stream);
}
