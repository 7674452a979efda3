import { Gauge, type Registry } from 'prom-client';

/** Answers of storage; `undefined` when it is not asked. */
export interface StorageState {
  canRead(): Promise<boolean | undefined>;
  canWrite(): Promise<boolean | undefined>;
}

/** The state of the password file; `undefined` without one. */
export interface AccessState {
  isUpToDate(): Promise<boolean | undefined>;
}

/** Ours: storage is asked when the metrics are read. */
export function createReadinessMetrics(registry: Registry, state: StorageState): void {
  defineState(registry, {
    name: 'purser_storage_readable',
    help: '1 while storage can be read, otherwise 0.',
    ask: () => state.canRead(),
  });
  defineState(registry, {
    name: 'purser_storage_writable',
    help: '1 while storage can be written, otherwise 0; missing while the registry is read-only.',
    ask: () => state.canWrite(),
  });
}

/** Ours: the password file is read when the metrics are. */
export function createAccessMetrics(registry: Registry, state: AccessState): void {
  defineState(registry, {
    name: 'purser_htpasswd_readable',
    help: '1 while the password file can be read, otherwise 0: the previous users count for an hour.',
    ask: () => state.isUpToDate(),
  });
}

interface StateMetric {
  readonly name: string;
  readonly help: string;
  readonly ask: () => Promise<boolean | undefined>;
}

/** Of several processes, one that fails counts. */
function defineState(registry: Registry, { name, help, ask }: StateMetric): Gauge {
  return new Gauge({
    name,
    help,
    registers: [registry],
    aggregator: 'min',
    async collect() {
      const answer = await ask();
      this.set(answer === undefined ? Number.NaN : Number(answer));
    },
  });
}
