import { collectDefaultMetrics, Registry } from 'prom-client';

const SUMS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

let shared: Registry | undefined;

/**
 * `process_*` and `nodejs_*`. They are of the process, however many registries it serves, and what measures the event
 * loop and the garbage collector of V8 cannot be stopped again: it is there once, from the first who asks.
 */
export function processMetrics(): Registry {
  if (shared === undefined) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
    // Prometheus reserves `_total` for counters; these gauges are the sums of others by type.
    for (const name of SUMS) shared.removeSingleMetric(name);
  }
  return shared;
}
