import type { Server } from 'node:http';
import type { AccessController, Registry, Repository } from '@purser/core';
import type { RequestFacts } from '@purser/http-api';
import type { Notifier } from '@purser/notifications';
import { createRegistry } from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';
import { createAccess, without, type ServerAccess } from './access.ts';
import { createApplication, type ServerObservers } from './application.ts';
import { createCache, type ServerCache } from './cache.ts';
import type { Connections } from './connections.ts';
import { applyMiddleware, createDriver } from './driver.ts';
import { createHttpServer } from './http-server.ts';
import { startMaintenance } from './maintenance.ts';
import { withManifestRules } from './manifest-rules.ts';
import { createUrlRule } from './manifest-urls.ts';
import { createManifestForms } from './manifests.ts';
import { startNotifier } from './notifier.ts';
import { startProxy, type Proxy, type ProxyParts } from './proxy.ts';
import { createReload, type Reloadable } from './reloadable.ts';
import { Writes } from './writes.ts';

export interface RegistryServer {
  readonly registry: Registry;
  /** Not listening yet. */
  readonly http: Server;
  readonly connections: Connections;
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

  const stored = await createDriver(config.storage.driver);
  const driver = applyMiddleware(stored, config.middleware);
  const forms = await createManifestForms(config.compatibility);
  const access = await chooseAccess(config, parts, logger);
  const cache = await createCache(config, logger);
  const notifier = await startNotifier(config, logger);
  const kept: Omit<ProxyParts, 'logger'> = {
    driver,
    decoder: forms.decoder,
    cache: cache?.cache,
    onDamage: ({ path, problem }) => logger.warn(`damage in storage: ${problem}`, { path }),
  };
  const local = createRegistry({ ...kept, ...storageSettings(config) });
  const writes = new Writes(config, logger);
  const proxy = await startProxy(local, config, { ...kept, logger });
  const registry = proxy?.registry ?? local;

  const application = createApplication(config, {
    registry,
    forms,
    driver,
    access: access.controller,
    writes,
    decorate: createDecorator(config, proxy, notifier),
    observers,
  });
  const handle = application.callback();
  const { http, connections } = createHttpServer(config.http, {
    handle: (request, response) => void handle(request, response),
    logger,
  });
  const maintenance = startMaintenance(config, { ...kept, registry: local, writes, logger });
  const running = { connections, maintenance, proxy, notifier, cache, access, driver: stored };
  const reloadable = [...access.reloadable, writes, ...(parts.reloadable ?? [])];
  let closing: Promise<boolean> | undefined;
  return {
    registry,
    http,
    connections,
    reloadableKeys: reloadable.flatMap(({ keys }) => keys),
    reload: createReload(reloadable, config),
    close: (timeoutMs) => (closing ??= closeAll(running, timeoutMs)),
  };
}

/** What clients may do to stored content. */
function storageSettings({ storage, validation }: Config) {
  return {
    deletion: storage.delete.enabled,
    repositoryDeletion: storage.delete.repositories,
    references: validation,
  };
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

interface ClosingParts {
  readonly connections: Connections;
  readonly maintenance: AsyncDisposable;
  readonly proxy: Proxy | undefined;
  readonly notifier: Notifier | undefined;
  readonly cache: ServerCache | undefined;
  readonly access: ServerAccess;
  readonly driver: StorageDriver;
}

/** From the outside in: what requests make use of is there until the last of them is over. */
async function closeAll(
  { connections, maintenance, proxy, notifier, cache, access, driver }: ClosingParts,
  timeoutMs: number,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  const [isClean] = await Promise.all([
    connections.drain(timeoutMs),
    maintenance[Symbol.asyncDispose](),
  ]);
  await proxy?.close();
  await notifier?.close({ deadlineMs: Math.max(0, end - performance.now()) });
  cache?.close();
  access.close();
  await disposeOf(driver);
  return isClean;
}

/** Drivers have no end in their contract; one that holds something open says so. */
async function disposeOf(driver: StorageDriver & Partial<AsyncDisposable & Disposable>) {
  await driver[Symbol.asyncDispose]?.();
  driver[Symbol.dispose]?.();
}
