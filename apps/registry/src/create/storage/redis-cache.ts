import { readFile } from 'node:fs/promises';
import { tolerateFailures, type CacheObserver } from '@purser/cache';
import {
  createRedisCache,
  parseRedisSection,
  type RedisConnectionOptions,
} from '@purser/cache-redis';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import type { Logger } from '../../observe/logger.ts';
import type { CacheMetrics } from '../../observe/metrics/cache-metrics.ts';
import type { ServerCache } from './cache.ts';
import { StartError } from '../start-error.ts';

/**
 * A cache in Redis that never fails. It connects with the first request.
 *
 * @throws StartError when the `redis` section cannot be used.
 */
export async function connectRedisCache(
  section: Config['redis'],
  logger: Logger,
  metrics?: CacheMetrics,
): Promise<ServerCache> {
  const redis = createRedisCache(await readRedisSection(section));
  const observer = observeCache(logger, metrics);
  const cache = tolerateFailures(metrics?.measure(redis) ?? redis, { observer });
  return {
    cache: metrics?.count(cache) ?? cache,
    close() {
      cache[Symbol.dispose]();
      redis.close();
    },
  };
}

/** A cache that fails costs time and nothing else: its operator is told once, and again when it works. */
function observeCache(logger: Logger, metrics?: CacheMetrics): CacheObserver {
  return {
    onError(error) {
      metrics?.failed();
      logger.debug('cache failed', describeError(error));
    },
    onStateChange(state, cause) {
      if (state === 'in use') logger.info('redis is used as a cache again');
      else
        logger.warn('redis does not answer; requests go on without a cache', describeError(cause));
    },
  };
}

/**
 * Reads what the `redis` section names. Nothing is connected.
 *
 * @throws StartError when it cannot be used.
 */
export async function readRedisSection(section: Config['redis']): Promise<RedisConnectionOptions> {
  const { certificate, key, rootcas, enabled } = section.tls;
  const tls = {
    enabled,
    certificate: await readPem('certificate', certificate),
    key: await readPem('key', key),
    rootcas: await Promise.all(rootcas.map(async (path) => (await readPem('rootcas', path))!)),
  };
  try {
    return parseRedisSection({ ...section, tls });
  } catch (error) {
    throw new StartError((error as Error).message, { cause: error });
  }
}

async function readPem(key: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const message = `cannot read redis.tls.${key}: ${(error as Error).message}`;
    throw new StartError(message, { cause: error });
  }
}
