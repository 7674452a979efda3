import type { Digest, Registry, Repository } from '@purser/core';
import type { RepositoryResolver, RequestFacts } from '@purser/http-api';
import type { PullThrough } from '@purser/pull-through';
import {
  createRegistry,
  discardContent,
  type RegistryOptions,
  type StoredRegistry,
} from '@purser/storage';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Metrics } from '../../observe/metrics/metrics.ts';
import { observePullThrough } from '../../observe/observe-pull-through.ts';
import { prepareSpoolDirectory } from './spool-directory.ts';

/** What content is kept with, by whoever keeps it. */
type KeptWith = Pick<
  RegistryOptions,
  'driver' | 'decoder' | 'cache' | 'onDamage' | 'onLeftover' | 'verifyReads' | 'writes'
>;

export interface ProxyParts extends KeptWith {
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

/** A registry that others are pulled through. */
export interface Proxy {
  readonly registry: Registry;
  readonly resolveRepository: RepositoryResolver;
  /** The repository of the upstream, or a local one, for one request. */
  view(repository: Repository, facts: RequestFacts): Repository;
  close(): Promise<void>;
}

/**
 * Puts upstreams behind the local registry; `undefined` when none is configured. They need not be there yet.
 *
 * @throws StartError when the spool directory cannot be used, or an upstream could not work.
 */
export async function startProxy(
  local: StoredRegistry,
  config: Config,
  parts: ProxyParts,
): Promise<Proxy | undefined> {
  const { http, proxy } = config;
  if (proxy.remoteurl === undefined && proxy.upstreams.length === 0) return undefined;
  const spoolDirectory = await prepareSpoolDirectory(config);
  // Most servers are no proxies, and need not load what makes one.
  const [{ withPullThrough }, { createUpstreams }] = await Promise.all([
    import('@purser/pull-through'),
    import('./upstreams.ts'),
  ]);
  const remote = createUpstreams(proxy, parts);
  const { driver, cache } = parts;
  const log = observePullThrough(parts.logger);
  const counted = parts.metrics?.forProxy();
  const registry = withPullThrough(local, {
    upstreams: remote.upstreams,
    isLocal: (name) => local.has(name),
    ownNamespace: http.host === undefined ? undefined : new URL(http.host).host,
    store: createStore(parts),
    ttlMs: proxy.ttl,
    maximumBytes: proxy.maxbytes,
    state: stateOn(driver),
    // Where names are this registry's own, what they refer to may be the same bytes: then only a collector can tell.
    discard:
      proxy.remoteurl === undefined
        ? undefined
        : (digest: Digest) => discardContent(digest, { driver, cache }),
    spoolDirectory,
    observer(event) {
      log(event);
      counted?.observer(event);
    },
  });
  await registry.start();
  return {
    registry,
    resolveRepository: (requested) => registry.resolve(requested),
    view: (repository, facts) => viewOf(registry, repository, facts),
    async close() {
      await registry.close();
      await remote[Symbol.asyncDispose]();
    },
  };
}

/** What is pulled comes manifest first, and goes when its time is over, whatever clients may do. */
function createStore(kept: KeptWith): Registry {
  const references = { blobs: 'none', manifests: 'none' } as const;
  return createRegistry({ ...kept, references, deletion: true });
}

function viewOf(registry: PullThrough, { name }: Repository, facts: RequestFacts): Repository {
  const { method, range, answer } = facts;
  return registry.repository(name, {
    // A part that does not begin with the blob is asked of upstream alone.
    opensBlobs: method === 'GET' && (range === undefined || range.startsWith('bytes=0-')),
    onStale: (upstream) =>
      answer.warn(`${upstream} cannot be reached: this is what was pulled from it before`),
  });
}

/** Where distribution keeps it. */
const STATE_PATH = '/scheduler-state.json';

function stateOn(driver: StorageDriver) {
  return {
    async load() {
      try {
        return await driver.getContent(STATE_PATH);
      } catch (error) {
        if (DriverError.is(error, 'PATH_NOT_FOUND')) return undefined;
        throw error;
      }
    },
    save: (state: Uint8Array) => driver.putContent(STATE_PATH, state),
  };
}
