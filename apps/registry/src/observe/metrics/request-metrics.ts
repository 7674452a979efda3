import { performance } from 'node:perf_hooks';
import type { RouteName } from '@purser/core';
import type { Context } from 'koa';
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import { answeredStatus, bytesOfBody, bytesTaken } from '../answered.ts';

/** Distribution's names of the endpoints; `referrers` and `repository` are ours. */
const HANDLERS: Readonly<Record<RouteName, string>> = {
  base: 'base',
  blob: 'blob',
  catalog: 'catalog',
  manifest: 'manifest',
  referrers: 'referrers',
  repository: 'repository',
  tags: 'tags',
  upload: 'blob_upload_chunk',
  uploads: 'blob_upload',
};

/** Whatever else a client makes up is one series. */
const METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'NOTIFY',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60];
const BYTES = exponentialBuckets(1024, 2, 22);

/** What became of a request. */
interface Answer {
  readonly route: RouteName;
  /** In small letters; `unknown` for what HTTP does not know. */
  readonly method: string;
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
}

export type AnswerObserver = (answer: Answer) => void;

/** Told of a request once its endpoint is known; follows it to its end. */
export type RouteObserver = (route: RouteName, context: Context) => void;

/**
 * Counts requests as distribution does: those whose path is an endpoint, from the moment that this is known.
 *
 * The number of series is bounded, whatever clients send. A client that left before it was answered has the code 499.
 *
 * @see distribution, registry/handlers/app.go, `dispatcher`; prometheus/client_golang, promhttp.
 */
export function createRequestMetrics(
  registry: Registry,
  onAnswer: AnswerObserver = () => {},
): RouteObserver {
  const metrics = defineMetrics(registry);
  for (const handler of Object.values(HANDLERS)) metrics.inFlight.set({ handler }, 0);

  return function observeRoute(route, context) {
    const handler = HANDLERS[route];
    const method = METHODS.has(context.method) ? context.method.toLowerCase() : 'unknown';
    const startedAt = performance.now();
    const takenBefore = bytesTaken(context);
    metrics.inFlight.inc({ handler });
    const end = () => {
      const status = answeredStatus(context);
      const bytes = bytesOfBody(context, takenBefore);
      metrics.inFlight.dec({ handler });
      metrics.total.inc({ handler, method, code: status });
      metrics.duration.observe({ handler, method }, (performance.now() - startedAt) / 1000);
      metrics.requestSize.observe({ handler }, sizeOfRequest(context));
      metrics.responseSize.observe({ handler }, bytes);
      onAnswer({ route, method, status, bytes });
    };
    // The client may have left while its request waited.
    if (context.res.closed) end();
    else context.res.once('close', end);
  };
}

function defineMetrics(registry: Registry) {
  const registers = [registry];
  return {
    total: new Counter({
      name: 'registry_http_requests_total',
      help: 'Requests to the endpoints of the API that are over.',
      labelNames: ['handler', 'code', 'method'],
      registers,
    }),
    duration: new Histogram({
      name: 'registry_http_request_duration_seconds',
      help: 'How long requests took, from their endpoint being known to the end of the answer.',
      labelNames: ['handler', 'method'],
      buckets: SECONDS,
      registers,
    }),
    requestSize: new Histogram({
      name: 'registry_http_request_size_bytes',
      help: 'Request line, headers and announced body of requests.',
      labelNames: ['handler'],
      buckets: BYTES,
      registers,
    }),
    responseSize: new Histogram({
      name: 'registry_http_response_size_bytes',
      help: 'Bodies of answers, as far as they went out.',
      labelNames: ['handler'],
      buckets: BYTES,
      registers,
    }),
    inFlight: new Gauge({
      name: 'registry_http_in_flight_requests',
      help: 'Requests that are being answered.',
      labelNames: ['handler'],
      registers,
    }),
  };
}

/** As distribution counts it: request line and headers without their separators, and the body that is announced. */
function sizeOfRequest({ req }: Context): number {
  const { rawHeaders, method = '', url = '', httpVersion, headers } = req;
  let size = method.length + url.length + `HTTP/${httpVersion}`.length;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    size += rawHeaders[index + 1]!.length;
    // What Go keeps apart from the headers.
    if (name.toLowerCase() !== 'host') size += name.length;
  }
  const announced = Number(headers['content-length'] ?? 0);
  return Number.isSafeInteger(announced) ? size + announced : size;
}
