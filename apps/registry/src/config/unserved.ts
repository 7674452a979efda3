import { isEmpty, nodeAt, type ConfigNode } from './tree.ts';

/** A section of distribution's configuration that this version knows of and does not apply. */
export interface UnservedSection {
  /** Why a registry that leaves this section out must not start; absent when leaving it out does no harm. */
  readonly refuse?: (section: ConfigNode) => string | undefined;
}

/** By the path of the section. A file that has one loads with a warning, unless `refuse` says why it must not. */
export const UNSERVED_SECTIONS: ReadonlyMap<string, UnservedSection> = new Map(
  Object.entries({
    health: {},
    'http.http2': {},
    'http.tls': { refuse: refuseTls },
    'log.hooks': {},
    'log.reportcaller': {},
    'middleware.http': {},
    'middleware.registry': {},
    'middleware.repository': {},
    policy: {},
    'proxy.cachewritetimeout': {},
    'proxy.exec.lifetime': {},
    'redis.connmaxidletime': {},
    'redis.connmaxlifetime': {},
    'redis.contexttimeoutenabled': {},
    'redis.disableidentity': {},
    'redis.identitysuffix': {},
    'redis.maxactiveconns': {},
    'redis.maxidleconns': {},
    'redis.maxredirects': {},
    'redis.maxretries': {},
    'redis.maxretrybackoff': {},
    'redis.minidleconns': {},
    'redis.minretrybackoff': {},
    'redis.pool': {},
    'redis.poolfifo': {},
    'redis.poolsize': {},
    'redis.pooltimeout': {},
    'redis.protocol': {},
    'redis.readonly': {},
    'redis.routebylatency': {},
    'redis.routerandomly': {},
    'redis.unstableresp3': {},
    'storage.azure': { refuse: refuseDriver },
    'storage.s3': { refuse: refuseDriver },
    'storage.tag': {},
  }),
);

// The rule by which distribution decides whether it speaks TLS.
function refuseTls(section: ConfigNode): string | undefined {
  const decisive = [nodeAt(section, 'certificate'), nodeAt(section, 'letsencrypt', 'cachefile')];
  if (decisive.every((node) => node === undefined || isEmpty(node))) return undefined;
  return 'this version has no TLS, and would serve in the clear; remove the section and put a TLS proxy in front';
}

function refuseDriver(): string {
  return 'this version has no such storage driver; expected filesystem, gcs, inmemory, or a module that exports a driver';
}
