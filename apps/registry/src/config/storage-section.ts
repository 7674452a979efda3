import { z } from 'zod';
import { flag, integer, isSection, section, text } from './values.ts';

/** Fewer would let a few slow disks stop everything; distribution's minimum. */
const LEAST_THREADS = 25;

const filesystem = section({
  /** The directory that holds `docker/registry/v2`. Default `/var/lib/registry`. */
  rootdirectory: text('the path of a directory').default('/var/lib/registry'),
  /** How many file operations run at a time: 25 or more; less counts as 25. Default 100. */
  maxthreads: integer()
    .transform((threads) => Math.max(threads, LEAST_THREADS))
    .default(100),
});

/** As many as a cache in memory can have. */
const MOST_ENTRIES = 1_000_000;

const cacheKind = () => z.enum(['inmemory', 'redis'], { error: 'inmemory or redis' }).optional();

const cache = section({
  /** Where descriptors of blobs are remembered: in this process, or in the Redis of the `redis` section. Nowhere when absent. */
  blobdescriptor: cacheKind(),
  /** Deprecated: `blobdescriptor`, which wins over it. */
  layerinfo: cacheKind(),
  /** How many are remembered by `inmemory`. Default 10,000; 0 and less mean 1,000,000, the most. */
  blobdescriptorsize: integer()
    .transform((size) => (size > 0 ? Math.min(size, MOST_ENTRIES) : MOST_ENTRIES))
    .default(10_000),
}).transform(({ blobdescriptor, layerinfo, blobdescriptorsize }) => ({
  blobdescriptor: blobdescriptor ?? layerinfo,
  blobdescriptorsize,
  /** Told once at the start. */
  isDeprecated: layerinfo !== undefined,
}));

export const storage = section({
  filesystem: filesystem.optional(),
  /** Everything is forgotten when the process ends. No parameters. */
  inmemory: section({}).optional(),
  delete: section({ enabled: flag(false) }).prefault({}),
  redirect: section({ disable: flag(false) }).prefault({}),
  cache: cache.prefault({}),
})
  .refine(({ filesystem: one, inmemory: other }) => (one === undefined) !== (other === undefined), {
    error: 'exactly one storage driver, filesystem or inmemory',
    when: isSection,
  })
  .transform(({ filesystem: directory, delete: deletion, redirect, cache: remembered }) => ({
    driver: driverConfig(directory),
    delete: deletion,
    redirect,
    cache: remembered,
  }));

/** The one place where content is kept. */
export type DriverConfig =
  | ({ readonly name: 'filesystem' } & z.output<typeof filesystem>)
  | { readonly name: 'inmemory' };

function driverConfig(directory: z.output<typeof filesystem> | undefined): DriverConfig {
  return directory === undefined ? { name: 'inmemory' } : { name: 'filesystem', ...directory };
}
