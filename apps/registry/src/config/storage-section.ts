import { z } from 'zod';
import { garbage } from './garbage-section.ts';
import { maintenance, scrub } from './maintenance-section.ts';
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

const UPLOAD_ALIGNMENT = 256 * 1024;

const gcs = section({
  bucket: text('the name of a bucket').min(1, { error: 'the name of a bucket' }),
  /** The path of a service account's key. Without it and `credentials`: application default credentials. */
  keyfile: text('the path of a key').optional(),
  /** The key itself, as in its JSON file; `keyfile` wins over it. */
  credentials: z
    .looseObject({ client_email: text(), private_key: text() }, { error: 'a map' })
    .optional(),
  /** What the names of objects begin with. Default: nothing. */
  rootdirectory: text('a path').default(''),
  /** Bytes sent at a time, which each upload holds in memory. Default 8 MiB. */
  chunksize: integer()
    .refine((size) => size > 0 && size % UPLOAD_ALIGNMENT === 0, {
      error: `a multiple of ${UPLOAD_ALIGNMENT}`,
    })
    .optional(),
  /** How many requests are under way at a time: 25 or more; less counts as 25. Default 50. */
  maxconcurrency: integer().optional(),
  useragent: text().optional(),
  /** Where the service is, for an emulator. Over http no credentials are sent. */
  endpoint: text()
    .refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), {
      error: 'an http or https URL',
    })
    .optional(),
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

/** A driver from elsewhere: a package that exports one, and what its factory is given. */
const driverModule = z
  .looseObject({ module: text('the name of a package, or a path').min(1) }, { error: 'a map' })
  .transform(({ module, ...parameters }) => ({ module, parameters }));

const TAG_READS = 16;

const known = section({
  filesystem: filesystem.optional(),
  gcs: gcs.optional(),
  /** Everything is forgotten when the process ends. No parameters. */
  inmemory: section({}).optional(),
  delete: section({
    enabled: flag(false),
    /** Whether clients may delete whole repositories, too; needs `enabled`. */
    repositories: flag(false),
  }).prefault({}),
  redirect: section({ disable: flag(false) }).prefault({}),
  cache: cache.prefault({}),
  maintenance: maintenance.prefault({}),
  tag: section({
    /** How many tags are read at a time when those of a manifest are looked for. Default 16, which also 0 means. */
    concurrencylimit: integer()
      .min(0, { error: 'an integer, 0 or more' })
      .transform((limit) => (limit > 0 ? limit : TAG_READS))
      .default(TAG_READS),
  }).prefault({}),
  verifyreads: section({
    /** Whether a blob is hashed while it is read whole, until it was read once to its end. */
    enabled: flag(true),
  }).prefault({}),
  scrub: scrub.prefault({}),
  gc: garbage.prefault({}),
});

export const storage = known
  // Typed as unknown: published types must not have an index signature that contradicts the known keys.
  .catchall<z.ZodType>(driverModule)
  .refine((value) => driverNames(value).length === 1, {
    error: 'exactly one storage driver, filesystem, gcs, inmemory or one with a module',
    when: isSection,
  })
  .transform(
    ({
      delete: deletion,
      redirect,
      cache: remembered,
      maintenance: chores,
      scrub: scrubbing,
      gc,
      tag,
      verifyreads,
      ...drivers
    }) => ({
      driver: driverConfig(drivers),
      delete: deletion,
      redirect,
      cache: remembered,
      maintenance: chores,
      scrub: scrubbing,
      gc,
      tag,
      verifyreads,
    }),
  );

/** Keys that stand beside drivers. */
export const BESIDE_DRIVERS: ReadonlySet<string> = new Set([
  'cache',
  'delete',
  'gc',
  'maintenance',
  'redirect',
  'scrub',
  'tag',
  'verifyreads',
]);

function driverNames(section: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(section).filter(
    (key) => !BESIDE_DRIVERS.has(key) && section[key] !== undefined,
  );
}

export type StorageSectionInput = z.input<typeof known>;

/** What a program may write. */
export type StorageInput = StorageSectionInput | Readonly<Record<string, DriverModuleInput>>;

interface DriverModuleInput {
  readonly module: string;
  readonly [parameter: string]: unknown;
}

interface Drivers {
  readonly filesystem?: z.output<typeof filesystem> | undefined;
  readonly gcs?: z.output<typeof gcs> | undefined;
  readonly inmemory?: object | undefined;
  readonly [name: string]: unknown;
}

/** The one place where content is kept. */
export type DriverConfig =
  | ({ readonly name: 'filesystem' } & z.output<typeof filesystem>)
  | ({ readonly name: 'gcs' } & z.output<typeof gcs>)
  | { readonly name: 'inmemory' }
  | ({ readonly name: 'module'; readonly key: string } & z.output<typeof driverModule>);

function driverConfig(drivers: Drivers): DriverConfig {
  const [key = 'inmemory'] = driverNames(drivers);
  if (drivers.filesystem !== undefined) return { name: 'filesystem', ...drivers.filesystem };
  if (drivers.gcs !== undefined) return { name: 'gcs', ...drivers.gcs };
  if (drivers.inmemory !== undefined) return { name: 'inmemory' };
  return { name: 'module', key, ...(drivers[key] as z.output<typeof driverModule>) };
}
