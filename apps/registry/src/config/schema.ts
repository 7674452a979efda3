import { z } from 'zod';
import { auth, type AuthInput } from './auth-section.ts';
import { compatibility } from './compatibility-section.ts';
import { health } from './health-section.ts';
import { http } from './http-section.ts';
import { log, logLevel } from './log-section.ts';
import { middleware } from './middleware-section.ts';
import { notifications } from './notifications-section.ts';
import { proxy } from './proxy-section.ts';
import { redis } from './redis-section.ts';
import { storage, type StorageInput } from './storage-section.ts';
import { integer, isSection, section, text } from './values.ts';
import { validation } from './validation-section.ts';
import { checkWorkers } from './check-workers.ts';

const PAGE_SIZE = 1000;

/** What may be written, in distribution's words; see `docs/configuration.md` for each key. */
export const configSchema = section({
  version: z.literal('0.1', { error: '0.1' }),
  log: log.prefault({}),
  /** Deprecated: `log.level`. */
  loglevel: logLevel().optional(),
  storage: storage.prefault({}),
  http: http.prefault({}),
  health: health.prefault({}),
  /** Who may do what; exactly one kind. Everyone may do everything when absent. */
  auth: auth.prefault({}),
  middleware: middleware.prefault({}),
  catalog: section({
    /** The largest page of the catalog in entries. Default 1000, which also 0 and less mean. */
    maxentries: integer()
      .transform((size) => (size > 0 ? size : PAGE_SIZE))
      .default(PAGE_SIZE),
  }).prefault({}),
  tags: section({
    /** The largest page of a list of tags in entries. Default 1000, which also 0 means. */
    maxtags: integer()
      .min(0, { error: 'an integer, 0 or more' })
      .transform((size) => (size > 0 ? size : PAGE_SIZE))
      .default(PAGE_SIZE),
  }).prefault({}),
  /** What a manifest refers to and must be there when it is pushed. */
  validation: validation.prefault({}),
  policy: section({
    repository: section({
      /** The classes of manifests that may be pushed: `image`, `plugin`. Default: they are not told apart. */
      classes: z.array(text('a class such as image'), { error: 'a list of classes' }).default([]),
    }).prefault({}),
  }).prefault({}),
  compatibility: compatibility.prefault({}),
  /** Who is told of what happens to content. */
  notifications: notifications.prefault({}),
  /** Where `storage.cache.blobdescriptor: redis` remembers. */
  redis: redis.prefault({}),
  /** The registries that are pulled through this one. */
  proxy: proxy.prefault({}),
})
  .refine(
    ({ storage: { cache }, redis: { addrs, addr } }) =>
      cache.blobdescriptor !== 'redis' || addrs.length > 0 || addr !== undefined,
    {
      path: ['redis', 'addrs'],
      error: 'the address of a Redis, since storage.cache.blobdescriptor is redis',
      when: ({ value }) =>
        isSection({ value }) && isSection({ value: (value as { storage: unknown }).storage }),
    },
  )
  .superRefine(checkWorkers)
  .transform(({ log: { level, ...logRest }, loglevel, ...rest }) => ({
    ...rest,
    log: { ...logRest, level: level ?? loglevel ?? ('info' as const) },
  }));

/** What a program may write: the same keys as in a configuration file. `version` may be left out. */
export type ConfigInput = Omit<z.input<typeof configSchema>, 'version' | 'storage' | 'auth'> & {
  version?: '0.1' | undefined;
  storage?: StorageInput | 'inmemory' | 'filesystem' | undefined;
  auth?: AuthInput | 'none' | undefined;
};

/** A configuration ready for use: frozen, every default filled in, durations in milliseconds. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
