import { isEmpty, nodeAt, type ConfigNode } from './tree.ts';

/** A section of distribution's configuration that this version knows of and does not apply. */
export interface UnservedSection {
  /** Why it is not applied, and what to use instead; part of a sentence. */
  readonly reason: string;
  /** Why a registry that leaves this section out must not start; absent when leaving it out does no harm. */
  readonly refuse?: (section: ConfigNode) => string | undefined;
}

const NO_MIDDLEWARE =
  'distribution ships none; a program that calls createServer wraps what it serves';
const NO_DRIVER =
  'this version has no such storage driver; expected filesystem, gcs, inmemory, or a module that exports a driver';
const NO_ACME =
  'certificates are followed, not asked for; let certbot, lego or cert-manager write those of http.tls';
const NO_MAIL =
  'a server that sends mail of itself can be made to flood; let what collects the log or the metrics alert';
const NO_CALLER = 'messages are few and say what happened, and err.stack of an error says where';
const NO_POOL = 'commands share one connection to each server, so there is no pool to size';
const NO_RETRY = 'a command is not sent again: requests go on without a cache that fails';
const CLUSTER = 'the client library decides which node of a cluster is asked';

/** By the path of the section. A file that has one loads with a warning, unless `refuse` says why it must not. */
export const UNSERVED_SECTIONS: ReadonlyMap<string, UnservedSection> = new Map(
  Object.entries({
    'http.tls.letsencrypt': { reason: NO_ACME, refuse: refuseLetsEncrypt },
    'log.hooks': { reason: NO_MAIL },
    'log.reportcaller': { reason: NO_CALLER },
    'middleware.http': { reason: NO_MIDDLEWARE },
    'middleware.registry': { reason: NO_MIDDLEWARE },
    'middleware.repository': { reason: NO_MIDDLEWARE },
    'proxy.cachewritetimeout': { reason: 'a client never waits for the store' },
    'proxy.exec.lifetime': {
      reason: 'the helper is asked again when the upstream refuses what it said',
    },
    'redis.connmaxidletime': { reason: NO_POOL },
    'redis.connmaxlifetime': { reason: NO_POOL },
    'redis.contexttimeoutenabled': {
      reason:
        'no request waits longer than 100 ms for a cache, and no command longer than redis.readtimeout',
    },
    'redis.disableidentity': { reason: 'the client never tells the server its library' },
    'redis.identitysuffix': { reason: 'the client never tells the server its library' },
    'redis.maxactiveconns': { reason: NO_POOL },
    'redis.maxidleconns': { reason: NO_POOL },
    'redis.maxredirects': { reason: CLUSTER },
    'redis.maxretries': { reason: NO_RETRY },
    'redis.maxretrybackoff': { reason: NO_RETRY },
    'redis.minidleconns': { reason: NO_POOL },
    'redis.minretrybackoff': { reason: NO_RETRY },
    'redis.pool': { reason: NO_POOL },
    'redis.poolfifo': { reason: NO_POOL },
    'redis.poolsize': { reason: NO_POOL },
    'redis.pooltimeout': { reason: NO_POOL },
    'redis.protocol': { reason: 'the protocol is RESP 2, which every server speaks' },
    'redis.readonly': { reason: CLUSTER },
    'redis.routebylatency': { reason: CLUSTER },
    'redis.routerandomly': { reason: CLUSTER },
    'redis.unstableresp3': { reason: 'the protocol is RESP 2, which every server speaks' },
    reporting: {
      reason: 'bugsnag and newrelic left distribution with version 3; errors are in the log',
    },
    'storage.azure': { reason: NO_DRIVER, refuse: () => NO_DRIVER },
    'storage.oss': { reason: NO_DRIVER, refuse: () => NO_DRIVER },
    'storage.s3': { reason: NO_DRIVER, refuse: () => NO_DRIVER },
    'storage.swift': { reason: NO_DRIVER, refuse: () => NO_DRIVER },
  } satisfies Record<string, UnservedSection>),
);

/** The last parts of the sections that lie right below a path. */
export function unservedBelow(path: string): readonly string[] {
  return [...UNSERVED_SECTIONS.keys()]
    .filter((section) => section.split('.').slice(0, -1).join('.') === path)
    .map((section) => section.split('.').at(-1)!);
}

// With a directory for certificates, distribution asks for them; without one it ignores the section.
function refuseLetsEncrypt(section: ConfigNode): string | undefined {
  const cache = nodeAt(section, 'cachefile');
  return cache === undefined || isEmpty(cache) ? undefined : NO_ACME;
}
