import type { Config } from '../config/schema.ts';
import { logDriverCalls } from '../observe/log-driver-calls.ts';
import type { LineSink, Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics/metrics.ts';
import type { DriverObserver } from '../observe/observe-driver.ts';

export interface ServerObservers {
  readonly logger: Logger;
  /** Takes the lines of the access log; nobody when absent. */
  readonly writeAccess?: LineSink | undefined;
}

/** Who sees what a server does: the logs, and what the configuration asks for. */
export interface Observation extends ServerObservers {
  /** What counts and measures. */
  readonly metrics: Metrics | undefined;
  readonly driverObservers: readonly DriverObserver[];
}

export async function createObservation(
  config: Config,
  observers: ServerObservers,
): Promise<Observation> {
  const { logger } = observers;
  const metrics = await createMetrics(config);
  const driverObservers: DriverObserver[] = [];
  if (metrics !== undefined) driverObservers.push(metrics.observeDriver);
  if (logger.isEnabled('debug')) driverObservers.push(logDriverCalls(logger));
  return { ...observers, metrics, driverObservers };
}

/** Most servers are not measured, and need not load what does it. */
async function createMetrics({ http }: Config): Promise<Metrics | undefined> {
  if (!http.debug.prometheus.enabled) return undefined;
  const { Metrics } = await import('../observe/metrics/metrics.ts');
  return new Metrics();
}
