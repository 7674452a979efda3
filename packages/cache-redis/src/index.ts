/**
 * A blob descriptor cache in Redis, under the keys of distribution.
 *
 * ```ts
 * import { createRedisCache, parseRedisSection } from '@purser/cache-redis';
 *
 * const cache = createRedisCache(parseRedisSection({ addrs: ['localhost:6379'] }));
 * ```
 *
 * @packageDocumentation
 */
export {
  parseRedisSection,
  type RedisAddress,
  type RedisConnectionOptions,
  type RedisDeployment,
  type RedisSection,
  type RedisTlsOptions,
  type RedisTlsSection,
} from './options.ts';
export { createRedisCache, type RedisCache, type RedisCacheOptions } from './redis-cache.ts';
