import { performance } from 'node:perf_hooks';
import { DriverError } from '@purser/storage-driver';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { DriverObserver } from '../observe-driver.ts';

/** What a storage driver does: how long under distribution's name, how it fails under our own. */
export function createStorageMetrics(registry: Registry): DriverObserver {
  const seconds = new Histogram({
    name: 'registry_storage_action_seconds',
    help: 'How long actions of the storage driver took.',
    labelNames: ['driver', 'action'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const errors = new Counter({
    name: 'purser_storage_errors_total',
    help: 'Storage actions that failed, by the code of the error. What is not there is no failure.',
    labelNames: ['driver', 'action', 'code'],
    registers: [registry],
  });

  return function observeCall({ driver: name, action }) {
    const driver = DISTRIBUTION_NAMES[name] ?? name;
    const startedAt = performance.now();
    return (failure) => {
      seconds.observe({ driver, action }, (performance.now() - startedAt) / 1000);
      const code = failure === undefined ? undefined : codeOf(failure.error);
      if (code !== undefined) errors.inc({ driver, action, code });
    };
  };
}

const DISTRIBUTION_NAMES: Readonly<Record<string, string>> = { memory: 'inmemory' };

/** `undefined` for what is no failure of the storage: a client that left aborts its calls. */
function codeOf(error: unknown): string | undefined {
  if (!DriverError.is(error) || error.code === 'PATH_NOT_FOUND') return undefined;
  return error.code;
}
