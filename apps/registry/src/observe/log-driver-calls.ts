import { performance } from 'node:perf_hooks';
import { describeError } from './describe-error.ts';
import type { Logger } from './logger.ts';
import type { DriverObserver } from './observe-driver.ts';

/**
 * Tells the log of every call of the storage driver, as `debug`: `filesystem.Stat("/docker/registry")`, with its duration
 * in nanoseconds.
 *
 * @see distribution 2.8, registry/storage/driver/base.
 */
export function logDriverCalls(logger: Logger): DriverObserver {
  return ({ driver, action, path, destination }) => {
    const startedAt = performance.now();
    return (failure) => {
      if (!logger.isEnabled('debug')) return;
      const paths = [path, destination].filter((each) => each !== undefined);
      logger.debug(`${driver}.${action}(${paths.map((each) => JSON.stringify(each)).join(', ')})`, {
        'trace.duration': Math.round((performance.now() - startedAt) * 1e6),
        ...(failure === undefined ? {} : describeError(failure.error)),
      });
    };
  };
}
