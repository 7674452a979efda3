import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ReferencePolicy } from '@purser/storage';
import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { parseTcpAddress } from './listen-address.ts';

// Every message completes the sentence "expected …".
const text = (expected = 'text') => z.string({ error: expected });
const flag = (fallback: boolean) => z.boolean({ error: 'true or false' }).default(fallback);
const section = <const Shape extends z.core.$ZodShape>(shape: Shape) =>
  z.object(shape, { error: 'a map' });
const integer = () => z.int({ error: 'an integer' });

/** The longest that a timer of Node.js can wait, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Go syntax (`1m30s`) or an integer of nanoseconds; becomes milliseconds. */
const duration = () =>
  z
    .union([z.string(), z.number()], { error: 'a duration such as 30s' })
    .transform((value, context) => {
      const milliseconds = parseDuration(value);
      if (milliseconds !== undefined && milliseconds >= 0 && milliseconds <= LONGEST_TIMER_MS) {
        return milliseconds;
      }
      context.addIssue('a duration from 0 to 596h, such as 30s or 1m30s');
      return z.NEVER;
    });

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const logLevel = (expected = 'error, warn, info or debug') =>
  text(expected)
    .toLowerCase()
    .pipe(z.enum(LOG_LEVELS, { error: expected }));

const log = section({
  /** How much is told, in any case of letters. Default `info`. */
  level: logLevel().optional(),
  /** The form of the application log. Default `text`. */
  formatter: z
    .enum(['text', 'json', 'logstash'], { error: 'text, json or logstash' })
    .default('text'),
  /** Added to every line of the application log. */
  fields: z.record(z.string(), z.unknown(), { error: 'a map' }).default({}),
  accesslog: section({ disabled: flag(false) }).prefault({}),
});

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

const storage = section({
  filesystem: filesystem.optional(),
  /** Everything is forgotten when the process ends. No parameters. */
  inmemory: section({}).optional(),
  delete: section({ enabled: flag(false) }).prefault({}),
  redirect: section({ disable: flag(false) }).prefault({}),
})
  .refine(({ filesystem: one, inmemory: other }) => (one === undefined) !== (other === undefined), {
    error: 'exactly one storage driver, filesystem or inmemory',
    when: isSection,
  })
  .transform(({ filesystem: directory, delete: deletion, redirect }) => ({
    driver: driverConfig(directory),
    delete: deletion,
    redirect,
  }));

/** The one place where content is kept. */
export type DriverConfig =
  | ({ readonly name: 'filesystem' } & z.output<typeof filesystem>)
  | { readonly name: 'inmemory' };

function driverConfig(directory: z.output<typeof filesystem> | undefined): DriverConfig {
  return directory === undefined ? { name: 'inmemory' } : { name: 'filesystem', ...directory };
}

const headers = z.record(
  z.string().refine(isHeaderName, { error: 'the name of a header' }),
  z.array(text().refine(isHeaderValue, { error: 'a header value without line breaks' }), {
    error: 'a list of values, such as [nosniff]',
  }),
  { error: 'a map' },
);

const http = section({
  /** `host:port`, `:port` (every interface), `[ipv6]:port`, or the path of a socket. Default `127.0.0.1:5000`. */
  addr: text('an address').default('127.0.0.1:5000'),
  net: z.enum(['tcp', 'unix'], { error: 'tcp or unix' }).default('tcp'),
  /** The URL by which clients reach the registry; goes into `Location`. From the request when absent. */
  host: text()
    .refine(isPublicUrl, { error: 'a URL such as https://registry.example.org' })
    .optional(),
  /** The path below which the API is served: `/registry/` serves `/registry/v2/`. */
  prefix: text()
    .regex(/^(?:\/[A-Za-z0-9._~-]+)*\/?$/, { error: 'a path such as /registry' })
    .optional(),
  /** Accepted for distribution's sake; uploads need no shared secret here. */
  secret: text().optional(),
  /** `Location` without scheme and host. */
  relativeurls: flag(false),
  /** How long running requests may go on after SIGTERM, in milliseconds once read. Default 30 s. */
  draintimeout: duration().default(30_000),
  /** Sent with every answer of the API. */
  headers: headers.default({}),
})
  .refine(({ addr, net }) => net === 'unix' || parseTcpAddress(addr) !== undefined, {
    path: ['addr'],
    error: 'host:port, :port or [ipv6]:port with a port up to 65535',
    when: isSection,
  })
  .transform(({ secret: _unused, addr, net, ...rest }) => ({
    ...rest,
    listen: net === 'unix' ? { kind: 'unix' as const, path: addr } : parseTcpAddress(addr)!,
  }));

const platform = section({
  architecture: text('an architecture such as amd64'),
  os: text('an operating system such as linux'),
});

const validation = section({
  /** Members of indexes need not be there. Default `false`. */
  disabled: flag(false),
  /** Deprecated: wins over `disabled`. */
  enabled: z.boolean({ error: 'true or false' }).optional(),
  manifests: section({
    /** Whether config and layers must be there before a manifest: `all` or `none`. Default `all`. */
    blobs: z.enum(['all', 'none'], { error: 'all or none' }).default('all'),
    indexes: section({
      /** Which members must be there before an index: `all`, `none`, or those of `platformlist`. Default `all`. */
      platforms: text('all, none or list')
        .toLowerCase()
        .pipe(z.enum(['all', 'none', 'list'], { error: 'all, none or list' }))
        .default('all'),
      /** An empty list stands for all platforms. */
      platformlist: z.array(platform, { error: 'a list of platforms' }).default([]),
    }).prefault({}),
  }).prefault({}),
}).transform(({ disabled, enabled, manifests: { blobs, indexes } }) => {
  const checked = indexes.platforms === 'list' && indexes.platformlist.length > 0;
  const wanted = checked ? indexes.platformlist : indexes.platforms === 'none' ? 'none' : 'all';
  const manifests: ReferencePolicy['manifests'] = disabled && enabled !== true ? 'none' : wanted;
  return { blobs, manifests };
});

const PAGE_SIZE = 1000;

/** What may be written, in distribution's words; see `docs/configuration.md` for each key. */
export const configSchema = section({
  version: z.literal('0.1', { error: '0.1' }),
  log: log.prefault({}),
  /** Deprecated: `log.level`. */
  loglevel: logLevel().optional(),
  storage: storage.prefault({}),
  http: http.prefault({}),
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
}).transform(({ log: { level, ...logRest }, loglevel, ...rest }) => ({
  ...rest,
  log: { ...logRest, level: level ?? loglevel ?? ('info' as const) },
}));

/** What a program may write: the same keys as in a configuration file. `version` may be left out. */
export type ConfigInput = Omit<z.input<typeof configSchema>, 'version' | 'storage'> & {
  version?: '0.1' | undefined;
  storage?: z.input<typeof storage> | 'inmemory' | 'filesystem' | undefined;
};

/** A configuration ready for use: frozen, every default filled in, durations in milliseconds. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Lets a check of several keys run although another key is wrong, so that one start shows all problems. */
function isSection({ value }: { readonly value: unknown }): boolean {
  return typeof value === 'object' && value !== null;
}

function isPublicUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.host !== '';
}

function isHeaderName(name: string): boolean {
  return succeeds(() => validateHeaderName(name));
}

function isHeaderValue(value: string): boolean {
  return succeeds(() => validateHeaderValue('x', value));
}

function succeeds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
