import type { Config } from '../config/schema.ts';
import { startDebugServer, type DebugServer } from '../create/debug-server.ts';
import { renderTogether, type MetricsSnapshot } from '../observe/metrics/metrics.ts';
import type { HealthReport } from '../observe/debug/answer-health.ts';
import type { Logger } from '../observe/logger.ts';
import type { WorkerProcesses } from './worker-processes.ts';

/**
 * Starts the debug server of a server of several processes: metrics are those of all workers, added up, and so are the health
 * checks that fail.
 *
 * @throws StartError when its address cannot be used.
 */
export function startPrimaryDebugServer(
  { http: { debug } }: Config,
  workers: Pick<WorkerProcesses, 'askAll'>,
  logger: Logger,
): Promise<DebugServer | undefined> {
  const metrics = async () => {
    const answers = await workers.askAll('metrics');
    const snapshots = answers as readonly (MetricsSnapshot | undefined)[];
    return renderTogether(snapshots.filter((snapshot) => snapshot !== undefined));
  };
  return startDebugServer(debug, {
    health: async () => Object.assign({}, ...(await workers.askAll('health'))) as HealthReport,
    metrics: debug.prometheus.enabled ? metrics : undefined,
    logger,
  });
}
