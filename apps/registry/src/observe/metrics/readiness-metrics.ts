import { Gauge, type Registry } from 'prom-client';

/** Answers of storage; `undefined` when it is not asked. */
export interface StorageState {
  canRead(): Promise<boolean | undefined>;
  canWrite(): Promise<boolean | undefined>;
}

/** Ours: storage is asked when the metrics are read. Of several processes, one that fails counts. */
export function createReadinessMetrics(registry: Registry, state: StorageState): void {
  const gauge = (name: string, help: string, ask: () => Promise<boolean | undefined>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      aggregator: 'min',
      async collect() {
        const answer = await ask();
        this.set(answer === undefined ? Number.NaN : Number(answer));
      },
    });
  gauge('purser_storage_readable', '1 while storage can be read, otherwise 0.', () =>
    state.canRead(),
  );
  gauge(
    'purser_storage_writable',
    '1 while storage can be written, otherwise 0; missing while the registry is read-only.',
    () => state.canWrite(),
  );
}
