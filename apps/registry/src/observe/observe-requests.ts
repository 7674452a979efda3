import { performance } from 'node:perf_hooks';
import type { Context, Middleware } from 'koa';
import { formatAccess } from './access-log.ts';
import { answeredStatus, bytesOfBody, bytesTaken } from './answered.ts';
import { describeError } from './describe-error.ts';
import type { LineSink, LogFields, Logger } from './logger.ts';
import { requestIdOf } from './request-id.ts';

export interface RequestObserverOptions {
  readonly logger: Logger;
  /** Takes a line for each answered request; nobody when absent. */
  readonly writeAccess?: LineSink | undefined;
  /** Whether requests of probes are told too. Default `false`. */
  readonly probes?: boolean | undefined;
}

/** Paths that are asked again and again to learn whether the server lives. */
const PROBES: ReadonlySet<string> = new Set(['/', '/livez', '/readyz', '/readyz/write']);

/**
 * Tells the logs of every request once its answer is over, in one line: of the access log, or of the application log when
 * there is no access log. A failure of the server is an `error` in the application log in any case, with its cause.
 *
 * The id of a request is in `context.state.requestId`. A client that left before it was answered has the status 499.
 */
export function observeRequests({
  logger,
  writeAccess,
  probes = false,
}: RequestObserverOptions): Middleware {
  const level = writeAccess === undefined ? 'info' : 'debug';
  return function observeRequests(context, next) {
    const time = new Date();
    const startedAt = performance.now();
    const takenBefore = bytesTaken(context);
    context.state['requestId'] = requestIdOf(context.req);
    if (!probes && PROBES.has(context.path)) return next();
    // Koa remembers the address; a closed socket does not.
    void context.ip;
    context.res.once('close', () => {
      const written = bytesOfBody(context, takenBefore);
      writeAccess?.(accessLine(context, { time, written }));
      const fields = () => requestFields(context, { startedAt, written });
      if (isFailure(context)) {
        const cause = context.state[FAILURE] as unknown;
        const reason = cause === undefined ? {} : describeError(cause);
        logger.error('response completed with error', { ...fields(), ...reason });
      } else if (logger.isEnabled(level)) {
        logger[level]('response completed', fields());
      }
    });
    return next();
  };
}

const FAILURE = 'failure';
const PLANNED = 'isPlanned';

/** Keeps the cause of an answer of 5xx for the line that tells of it. */
export function noteFailure({ state }: Context, error: unknown): void {
  state[FAILURE] = error;
}

/** Marks an answer of 5xx that the operator wants, as in read-only mode: it is no failure. */
export function notePlanned({ state }: Context): void {
  state[PLANNED] = true;
}

function isFailure(context: Context): boolean {
  if (context.state[PLANNED] === true) return false;
  return context.state[FAILURE] !== undefined || answeredStatus(context) >= 500;
}

/** The fields by which a line of the log is found again from a request, and the other way round. */
function identifyRequest({ req, state, ip }: Context): LogFields {
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
