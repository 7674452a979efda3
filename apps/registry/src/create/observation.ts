import type { Middleware } from 'koa';
import type { Config } from '../config/schema.ts';
import { logDriverCalls } from '../observe/log-driver-calls.ts';
import { noteRouteVariables } from '../observe/note-route-variables.ts';
import type { LineSink, Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics/metrics.ts';
import type { RouteObserver } from '../observe/metrics/request-metrics.ts';
import type { DriverObserver } from '../observe/observe-driver.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';

export interface ServerObservers {
  readonly logger: Logger;
  /** Takes the lines of the access log; nobody when absent. */
  readonly writeAccess?: LineSink | undefined;
  /** Makes spans of requests and calls of storage; nobody does when absent. It is closed with the server. */
  readonly tracing?: Tracing | undefined;
}

/** Who sees what a server does: the logs, and what the configuration asks for. */
export interface Observation extends ServerObservers {
  /** What counts and measures. */
  readonly metrics: Metrics | undefined;
  readonly driverObservers: readonly DriverObserver[];
  readonly routeObservers: readonly RouteObserver[];
  /** Goes around the work on each request that is no probe. */
  readonly around: readonly Middleware[];
}

export async function createObservation(
  config: Config,
  observers: ServerObservers,
): Promise<Observation> {
  const { logger, tracing } = observers;
  const metrics = await createMetrics(config);
  const traced = tracing && (await createTracers(tracing));
  const driverObservers = [
    metrics?.observeDriver,
    traced?.observeDriver,
    logger.isEnabled('debug') ? logDriverCalls(logger) : undefined,
  ];
  const routeObservers = [noteRouteVariables, metrics?.observeRoute, traced?.observeRoute];
  return {
    ...observers,
    metrics,
    driverObservers: driverObservers.filter((observer) => observer !== undefined),
    routeObservers: routeObservers.filter((observer) => observer !== undefined),
    around: traced === undefined ? [] : [traced.middleware],
  };
}

/** Most servers are not measured, and need not load what does it. */
async function createMetrics({ http }: Config): Promise<Metrics | undefined> {
  if (!http.debug.prometheus.enabled) return undefined;
  const { Metrics } = await import('../observe/metrics/metrics.ts');
  return new Metrics();
}

/** Most servers are not traced, either. */
async function createTracers(tracing: Tracing) {
  const [{ traceRequests }, { traceDriver }] = await Promise.all([
    import('../observe/tracing/trace-requests.ts'),
    import('../observe/tracing/trace-driver.ts'),
  ]);
  return { ...traceRequests(tracing), observeDriver: traceDriver(tracing) };
}
