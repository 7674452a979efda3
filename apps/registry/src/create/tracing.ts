import type { Logger } from '../observe/logger.ts';
import { chooseTracing, type TracingEnvironment } from '../observe/tracing/tracing-choice.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import { StartError } from './start-error.ts';

/**
 * Begins to trace when the standard variables of OpenTelemetry ask for it; `undefined` otherwise, and then nothing of it
 * is loaded.
 *
 * @throws StartError naming a variable whose value cannot be followed.
 */
export async function createTracing(
  environment: TracingEnvironment,
  logger: Logger,
): Promise<Tracing | undefined> {
  try {
    const choice = chooseTracing(environment);
    if (choice === undefined) return undefined;
    const { startTracing } = await import('../observe/tracing/start-tracing.ts');
    const tracing = startTracing(choice.exporter, environment);
    logger.info('requests are traced', { exporter: choice.exporter });
    return tracing;
  } catch (error) {
    throw new StartError((error as Error).message, { cause: error });
  }
}
