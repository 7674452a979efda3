import type { GarbageReport } from '@purser/storage';
import { Counter, Gauge, type Registry } from 'prom-client';

/** By the names that `purser_maintenance_*` has for them. */
type MaintenanceTask = 'garbage' | 'purge' | 'scrub';

/** Told what the server has done to its storage, or failed to do. */
export interface MaintenanceObserver {
  failed(task: MaintenanceTask): void;
  collected(report: GarbageReport): void;
  purged(count: { readonly uploads: number; readonly files: number; readonly bytes: number }): void;
  checked(found: { readonly bytes: number; readonly damaged: number }): void;
}

/** Ours: distribution does none of it by itself, or does not tell. */
export function createMaintenanceMetrics(registry: Registry): MaintenanceObserver {
  const metrics = defineMetrics(registry);
  const succeeded = (task: MaintenanceTask) => {
    metrics.runs.inc({ task, outcome: 'success' });
    metrics.lastSuccess.set({ task }, Date.now() / 1000);
  };
  return {
    failed: (task) => metrics.runs.inc({ task, outcome: 'failure' }),
    collected({ deleted, damaged, durationMs }) {
      succeeded('garbage');
      metrics.collectedBytes.inc(deleted.bytes);
      metrics.collected.inc({ kind: 'blob' }, deleted.blobs);
      metrics.collected.inc({ kind: 'manifest' }, deleted.manifests);
      metrics.collected.inc({ kind: 'link' }, deleted.links);
      metrics.collectionSeconds.set(durationMs / 1000);
      metrics.keptRepositories.set(new Set(damaged.map(({ repository }) => repository)).size);
    },
    purged({ uploads, files, bytes }) {
      succeeded('purge');
      metrics.purged.inc({ kind: 'upload' }, uploads);
      metrics.purged.inc({ kind: 'file' }, files);
      metrics.purgedBytes.inc(bytes);
    },
    checked({ bytes, damaged }) {
      succeeded('scrub');
      metrics.checkedBytes.inc(bytes);
      metrics.damaged.set(damaged);
    },
  };
}

function defineMetrics(registry: Registry) {
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry], aggregator: 'max' });
  return {
    runs: counter('purser_maintenance_runs_total', 'Runs of a task that are over.', [
      'task',
      'outcome',
    ]),
    lastSuccess: gauge(
      'purser_maintenance_last_success_timestamp_seconds',
      'When a task of this process last succeeded.',
      ['task'],
    ),
    collected: counter('purser_garbage_deleted_total', 'What collections of garbage deleted.', [
      'kind',
    ]),
    collectedBytes: counter('purser_garbage_deleted_bytes_total', 'Bytes of deleted blobs.'),
    collectionSeconds: gauge(
      'purser_garbage_last_duration_seconds',
      'How long the last collection took, its grace included.',
    ),
    keptRepositories: gauge(
      'purser_garbage_damaged_repositories',
      'Repositories that kept everything in the last collection, since something in them cannot be read.',
    ),
    purged: counter('purser_purged_total', 'Unfinished uploads and abandoned files removed.', [
      'kind',
    ]),
    purgedBytes: counter('purser_purged_bytes_total', 'Bytes of what was purged.'),
    checkedBytes: counter('purser_scrub_bytes_total', 'Bytes that scrubs have read.'),
    damaged: gauge('purser_scrub_damaged', 'What the last scrub found broken.'),
  };
}
