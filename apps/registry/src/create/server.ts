import type { Server } from 'node:http';
import type { AccessController, Registry, Repository } from '@purser/core';
import type { RequestFacts } from '@purser/http-api';
import type { Notifier } from '@purser/notifications';
import { createRegistry } from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../config/schema.ts';
import type { HealthReport } from '../observe/debug/answer-health.ts';
import type { Logger } from '../observe/logger.ts';
import type { MetricsSnapshot } from '../observe/metrics/metrics.ts';
import { observeDriver } from '../observe/observe-driver.ts';
import type { Membership } from '../workers/join-primary.ts';
import { createAccess, without } from './access/access.ts';
import { createApplication } from './application.ts';
import { createCache, type ServerCache } from './storage/cache.ts';
import { closeServer, type RunningParts } from './close-server.ts';
import type { Connections } from './http/connections.ts';
import { startDebugServer, type DebugServer } from './debug-server.ts';
import { applyMiddleware, createDriver } from './storage/driver.ts';
import { createHttpServer } from './http/http-server.ts';
import { startHealth } from './health/health.ts';
import { startMaintenance } from './maintenance/maintenance.ts';
import { withManifestRules } from './manifests/manifest-rules.ts';
import { createUrlRule } from './manifests/manifest-urls.ts';
import { createManifestForms, type ManifestForms } from './manifests/manifests.ts';
import { startNotifier } from './events/notifier.ts';
import { createObservation, type Observation, type ServerObservers } from './observation.ts';
import { startProxy, type Proxy, type ProxyParts } from './proxy/proxy.ts';
import { createReload, type Reloadable } from './reloadable.ts';
import { Writes } from './writes.ts';

export interface RegistryServer {
  readonly registry: Registry;
  /** Not listening yet. */
  readonly http: Server;
  readonly connections: Connections;
  /** Where the debug server is, which listens already; `undefined` without one. */
  readonly debugUrl: string | undefined;
  /** The health checks that fail, and why. */
  readonly health: () => HealthReport;
  /** What this process counts; `undefined` when `http.debug.prometheus.enabled` does not say so. */
  readonly metrics: (() => Promise<MetricsSnapshot>) | undefined;
  /** What of the configuration can change while the server runs; a section stands for all that is below it. */
  readonly reloadableKeys: readonly string[];
  /**
   * Takes what can change from a configuration, and reads again the files that it names. Password files and key sets with
   * a URL are followed without it.
   *
   * @param config Default: the one that is in effect.
   * @throws StartError naming what cannot be used; what counted before still does, all of it.
   */
  reload(config?: Config): Promise<void>;
  /**
   * Lets running requests finish, and events arrive, as far as the time goes. A second call waits for the first.
   *
   * @param timeoutMs 0 ends everything at once.
   * @returns Whether every request was finished.
   */
  close(timeoutMs: number): Promise<boolean>;
}

/** What a program brings itself. */
export interface ServerParts {
  /** Tells who may do what, in place of what the `auth` section says. */
  readonly access?: AccessController | undefined;
  /** What is to take a changed configuration together with the server. */
  readonly reloadable?: readonly Reloadable[] | undefined;
  /** Of a process that serves together with others. */
  readonly membership?: Membership | undefined;
}

/**
 * The whole program: a driver, a registry on it, observed, served by the registry API. It does not listen yet.
 *
 * @throws StartError when a file that the configuration names cannot be used.
 */
export async function createServer(
  config: Config,
  observers: ServerObservers,
  parts: ServerParts = {},
): Promise<RegistryServer> {
  const { logger } = observers;
  const observation = await createObservation(config, observers);
  const { metrics } = observation;
  const { membership } = parts;

  const stored = await createDriver(config.storage.driver);
  const seen = observeDriver(stored, observation.driverObservers);
  const driver = applyMiddleware(seen, config.middleware);
  const forms = await createManifestForms(config.compatibility);
  const access = await chooseAccess(config, parts, logger);
  const cache = await createCache(config, logger, { metrics, membership });
  const notifier = await startNotifier(config, logger, { metrics, place: membership });
  const kept = keptWith(driver, { forms, cache, logger });
  const local = createRegistry({ ...kept, ...storageSettings(config, membership) });
  const writes = new Writes(config, logger);
  const proxy = await startProxy(local, config, { ...kept, logger, metrics });
  const registry = proxy?.registry ?? local;

  const health = startHealth(config, { driver, logger });
  const handle = createApplication(config, {
    registry,
    forms,
    driver,
    access: access.controller,
    writes,
    decorate: createDecorator(config, proxy, notifier),
    health,
    observation,
  });
  const front = await createHttpServer(config.http, { handle, logger });
  const observer = metrics?.maintenance;
  const maintained = { ...kept, registry: local, writes, logger, observer };
  const maintenance = startMaintenance(config, maintained);
  const running = { health, front, maintenance, proxy, notifier, cache, access, stored };
  const debug = await startDebug(config, observation, { ...running, membership });
  const own = [...access.reloadable, ...front.reloadable, writes];
  const reloadable = [...own, ...(parts.reloadable ?? [])];
  let closing: Promise<boolean> | undefined;
  return {
    registry,
    http: front.http,
    connections: front.connections,
    debugUrl: debug?.url,
    health: () => health.report(),
    metrics: metrics && (() => metrics.snapshot()),
    reloadableKeys: reloadable.flatMap(({ keys }) => keys),
    reload: createReload(reloadable, config),
    close: (timeoutMs) =>
      (closing ??= closeServer({ ...running, debug, tracing: observers.tracing }, timeoutMs)),
  };
}

/** What content is kept with, by whoever keeps it. */
function keptWith(
  driver: StorageDriver,
  {
    forms,
    cache,
    logger,
  }: { forms: ManifestForms; cache: ServerCache | undefined; logger: Logger },
): Omit<ProxyParts, 'logger'> {
  return {
    driver,
    decoder: forms.decoder,
    cache: cache?.cache,
    onDamage: ({ path, problem }) => logger.warn(`damage in storage: ${problem}`, { path }),
  };
}

/** What clients may do to stored content. */
function storageSettings({ storage, validation }: Config, membership: Membership | undefined) {
  return {
    deletion: storage.delete.enabled,
    repositoryDeletion: storage.delete.repositories,
    references: validation,
    tagReads: storage.tag.concurrencylimit,
    exclusion: membership?.exclusion,
  };
}

/** When its address cannot be used, everything that is there already ends. */
async function startDebug(
  { http }: Config,
  { metrics, logger }: Observation,
  { membership, ...running }: RunningParts & { readonly membership: Membership | undefined },
): Promise<DebugServer | undefined> {
  // Of several processes, the primary speaks for all.
  if (membership !== undefined) return undefined;
  try {
    return await startDebugServer(http.debug, {
      health: () => running.health.report(),
      metrics: metrics && (() => metrics.render()),
      logger,
    });
  } catch (error) {
    await closeServer(running, 0);
    throw error;
  }
}

function chooseAccess({ auth }: Config, { access }: ServerParts, logger: Logger) {
  return access === undefined ? createAccess(auth, logger) : without(access);
}

/** What a request works on: what is pulled through for it, observed, and kept to the rules of what may be pushed. */
function createDecorator(
  { validation }: Config,
  proxy: Proxy | undefined,
  notifier: Notifier | undefined,
) {
  const rules = [createUrlRule(validation.urls)].filter((rule) => rule !== undefined);
  return (repository: Repository, facts: RequestFacts): Repository => {
    const view = proxy?.view(repository, facts) ?? repository;
    return withManifestRules(notifier?.observe(view, facts, facts.user) ?? view, rules);
  };
}
