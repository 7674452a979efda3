import { randomUUID } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { createLogger, type AdjustableLogger } from '../observe/logger.ts';
import { packageVersion } from '../package-version.ts';
import type { WorkerPlace } from '../workers/worker-place.ts';
import type { CommandProcess } from './serve.ts';

/** The log of a process that serves, alone or as one of several. */
export function createServeLogger(
  { log }: Config,
  { writeError }: Pick<CommandProcess, 'writeError'>,
  place?: WorkerPlace,
): AdjustableLogger {
  const fields = {
    'instance.id': randomUUID(),
    version: packageVersion(),
    ...(place && { worker: place.slot }),
    ...log.fields,
  };
  return createLogger({ ...log, fields }, { write: writeError });
}
