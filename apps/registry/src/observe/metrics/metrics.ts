import {
  AggregatorRegistry,
  Counter,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';
import type { DriverObserver } from '../observe-driver.ts';
import { createCacheMetrics, type CacheMetrics } from './cache-metrics.ts';
import { createMaintenanceMetrics, type MaintenanceObserver } from './maintenance-metrics.ts';
import { createNotifierMetrics, type NotifierMetrics } from './notifier-metrics.ts';
import { processMetrics } from './process-metrics.ts';
import { createProxyMetrics, type ProxyMetrics } from './proxy-metrics.ts';
import {
  createAccessMetrics,
  createReadinessMetrics,
  type AccessState,
  type StorageState,
} from './readiness-metrics.ts';
import {
  createRequestMetrics,
  type AnswerObserver,
  type RouteObserver,
} from './request-metrics.ts';
import { createStorageMetrics } from './storage-metrics.ts';

/** The metrics of one process at one moment, as values that another process can be sent as JSON. */
export type MetricsSnapshot = readonly Omit<
  MetricObjectWithValues<MetricValue<string>>,
  'collect'
>[];

/**
 * What a server counts and measures, for Prometheus; nothing of it is global.
 *
 * Names and labels are distribution's where the thing is the same, and begin with `purser_` where it is ours.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #answerObservers: AnswerObserver[] = [];
  readonly observeRoute: RouteObserver = createRequestMetrics(this.#registry, (answer) => {
    for (const observe of this.#answerObservers) observe(answer);
  });
  /** Counts answers of 503 that the operator wants. */
  readonly plannedRefusals = new Counter({
    name: 'purser_http_planned_refusals_total',
    help: 'Answers with 503 that read-only mode gave: they are no failures.',
    registers: [this.#registry],
  });
  readonly observeDriver: DriverObserver = createStorageMetrics(this.#registry);
  readonly maintenance: MaintenanceObserver = createMaintenanceMetrics(this.#registry);

  /** Of a server that has a cache. Once, as those below. */
  forCache(): CacheMetrics {
    return createCacheMetrics(this.#registry);
  }

  /** Of a server that tells endpoints. */
  forNotifier(): NotifierMetrics {
    return createNotifierMetrics(this.#registry);
  }

  /** Of a server that asks its storage whether it works. */
  forReadiness(state: StorageState): void {
    createReadinessMetrics(this.#registry, state);
  }

  /** Of a server that may have a password file. */
  forAccess(state: AccessState): void {
    createAccessMetrics(this.#registry, state);
  }

  /** Of a server that others are pulled through. */
  forProxy(): ProxyMetrics {
    const proxy = createProxyMetrics(this.#registry);
    this.#answerObservers.push(proxy.answered);
    return proxy;
  }

  /** What is counted now, in the Prometheus text format. */
  async render(): Promise<string> {
    return renderTogether([await this.snapshot()]);
  }

  /** The same as plain values. What has no value yet is left out. */
  async snapshot(): Promise<MetricsSnapshot> {
    const registries = [this.#registry, processMetrics()];
    const all = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
    return all.flat().map(({ name, help, type, aggregator, values }) => ({
      name,
      help,
      type,
      aggregator,
      values: values.filter(({ value }) => Number.isFinite(value)),
    }));
  }
}

/**
 * What several processes have counted, in the Prometheus text format. Counters and histograms are added up; so are
 * gauges, unless their metric says otherwise.
 */
export function renderTogether(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  const all = snapshots.map((snapshot) =>
    snapshot.map((metric) => ({
      ...metric,
      // When the oldest of them started.
      aggregator: metric.aggregator === 'omit' ? 'min' : metric.aggregator,
    })),
  );
  return AggregatorRegistry.aggregate(all).metrics();
}
