import type { PullThroughObserver } from '@purser/pull-through';
import { Counter, type Registry } from 'prom-client';
import type { AnswerObserver } from './request-metrics.ts';

export interface ProxyMetrics {
  readonly observer: PullThroughObserver;
  /** Counts what clients are sent. */
  readonly answered: AnswerObserver;
}

const TYPES = ['blob', 'manifest'] as const;

/**
 * What is pulled through. A request that joins the fetch of another is neither a hit nor a miss: there is one miss for
 * each fetch.
 *
 * @see distribution, registry/proxy/proxymetrics.go.
 */
export function createProxyMetrics(registry: Registry): ProxyMetrics {
  const { requests, hits, misses, pulled, pushed, outages, removed } = defineCounters(registry);
  for (const counter of [requests, hits, misses, pulled, pushed]) {
    for (const type of TYPES) counter.inc({ type }, 0);
  }
  return {
    observer(event) {
      switch (event.type) {
        case 'served':
          requests.inc({ type: event.content.kind });
          return event.from === 'store' ? hits.inc({ type: event.content.kind }) : undefined;
        case 'fetched':
          misses.inc({ type: event.content.kind });
          return pulled.inc({ type: event.content.kind }, event.size);
        case 'outage':
          return outages.inc({ upstream: event.upstream });
        case 'removed':
          return removed.inc({ type: event.content.kind, reason: event.reason });
        // The log tells of them.
        case 'abandoned':
        case 'failed':
      }
    },
    answered({ route, method, bytes }) {
      if (method === 'get' && (route === 'blob' || route === 'manifest')) {
        pushed.inc({ type: route }, bytes);
      }
    },
  };
}

function defineCounters(registry: Registry) {
  const define = (name: string, help: string, labelNames: readonly string[] = ['type']) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  return {
    requests: define('registry_proxy_requests_total', 'Content that clients asked for.'),
    hits: define('registry_proxy_hits_total', 'Requests answered with what was here.'),
    misses: define('registry_proxy_misses_total', 'Fetches from an upstream.'),
    pulled: define('registry_proxy_pulled_bytes_total', 'Bytes fetched from upstreams.'),
    pushed: define('registry_proxy_pushed_bytes_total', 'Bytes sent to clients.'),
    outages: define('purser_proxy_outages_total', 'Questions that an upstream could not answer.', [
      'upstream',
    ]),
    removed: define(
      'purser_proxy_removed_total',
      'Content that was removed, since its time was over or the place was needed.',
      ['type', 'reason'],
    ),
  };
}
