import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Context, Middleware } from 'koa';
import { formatAccess } from './access-log.ts';
import { answeredStatus, bytesOfBody } from './answered.ts';
import type { LineSink, LogFields, Logger } from './logger.ts';

export interface RequestObserverOptions {
  readonly logger: Logger;
  /** Takes a line for each answered request; nobody when absent. */
  readonly writeAccess?: LineSink | undefined;
}

/**
 * Tells the logs of every request once its answer is over, and gives each an id in `context.state.requestId` by which
 * the lines about it can be found. A client that left before it was answered has the status 499.
 *
 * A failure of the client is told as `info`, one of the server as `error`; distribution has `error` for both.
 */
export function observeRequests({ logger, writeAccess }: RequestObserverOptions): Middleware {
  return function observeRequests(context, next) {
    const time = new Date();
    const startedAt = performance.now();
    const writtenBefore = context.socket.bytesWritten;
    context.state['requestId'] = randomUUID();
    // Koa remembers the address; a closed socket does not.
    void context.ip;
    context.res.once('close', () => {
      const written = bytesOfBody(context, writtenBefore);
      writeAccess?.(accessLine(context, { time, written }));
      const status = answeredStatus(context);
      if (status >= 500) {
        logger.error(
          'response completed with error',
          requestFields(context, { startedAt, written }),
        );
      } else if (logger.isEnabled('info')) {
        const message = status >= 400 ? 'response completed with error' : 'response completed';
        logger.info(message, requestFields(context, { startedAt, written }));
      }
    });
    return next();
  };
}

/** The fields by which a line of the log is found again from a request, and the other way round. */
export function identifyRequest({ req, state, ip }: Context): LogFields {
  return {
    'http.request.id': state['requestId'],
    'http.request.method': req.method,
    'http.request.uri': req.url,
    'http.request.remoteaddr': ip,
    ...(state['vars'] as LogFields | undefined),
    ...(typeof state['repository'] === 'string' && { 'vars.name': state['repository'] }),
  };
}

function requestFields(
  context: Context,
  { startedAt, written }: { readonly startedAt: number; readonly written: number },
): LogFields {
  const { headers } = context.req;
  return {
    ...identifyRequest(context),
    'auth.user.name': context.state['user'],
    'http.request.host': context.host,
    'http.request.contenttype': headers['content-type'],
    'http.request.referer': headers.referer,
    'http.request.useragent': headers['user-agent'],
    'http.response.contenttype': context.res.getHeader('Content-Type'),
    'http.response.duration': `${(performance.now() - startedAt).toFixed(3)}ms`,
    'http.response.status': answeredStatus(context),
    'http.response.written': written,
  };
}

function accessLine(
  context: Context,
  { time, written }: { readonly time: Date; readonly written: number },
): string {
  const { req, ip, state } = context;
  const line = formatAccess({
    time,
    remoteAddress: ip === '' ? '-' : ip,
    user: typeof state['user'] === 'string' ? state['user'] : undefined,
    method: req.method ?? '-',
    url: req.url ?? '-',
    httpVersion: req.httpVersion,
    status: answeredStatus(context),
    bytes: written,
    referer: req.headers.referer,
    userAgent: req.headers['user-agent'],
  });
  return `${line}\n`;
}
