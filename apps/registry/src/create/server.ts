import type { Server } from 'node:http';
import type { Registry } from '@purser/core';
import { createRegistryApi } from '@purser/http-api';
import type { Notifier } from '@purser/notifications';
import { createRegistry } from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import Koa from 'koa';
import type { Config } from '../config/schema.ts';
import { describeError } from '../observe/describe-error.ts';
import type { LineSink, Logger } from '../observe/logger.ts';
import { identifyRequest, observeRequests } from '../observe/observe-requests.ts';
import { answerLiveness } from './answer-liveness.ts';
import { createCache, type ServerCache } from './cache.ts';
import { Connections } from './connections.ts';
import { applyMiddleware, createDriver } from './driver.ts';
import { createHttpServer } from './http-server.ts';
import { startMaintenance } from './maintenance.ts';
import { createManifestForms } from './manifests.ts';
import { startNotifier } from './notifier.ts';

export interface RegistryServer {
  readonly registry: Registry;
  /** Not listening yet. */
  readonly http: Server;
  readonly connections: Connections;
  /**
   * Lets running requests finish, and events arrive, as far as the time goes. A second call waits for the first.
   *
   * @param timeoutMs 0 ends everything at once.
   * @returns Whether every request was finished.
   */
  close(timeoutMs: number): Promise<boolean>;
}

export interface ServerObservers {
  readonly logger: Logger;
  /** Takes the lines of the access log; nobody when absent. */
  readonly writeAccess?: LineSink | undefined;
}

/**
 * The whole program: a driver, a registry on it, observed, served by the registry API. It does not listen yet.
 *
 * @throws StartError when a file that the configuration names cannot be used.
 */
export async function createServer(
  config: Config,
  observers: ServerObservers,
): Promise<RegistryServer> {
  const { logger } = observers;

  const stored = await createDriver(config.storage.driver);
  const driver = applyMiddleware(stored, config.middleware);
  const { decoder, converters } = await createManifestForms(config.compatibility);
  const cache = await createCache(config, logger);
  const notifier = await startNotifier(config, logger);
  const registry = createRegistry({
    driver,
    decoder,
    deletion: config.storage.delete.enabled,
    repositoryDeletion: config.storage.delete.repositories,
    references: config.validation,
    cache: cache?.cache,
    onDamage: ({ path, problem }) => logger.warn(`damage in storage: ${problem}`, { path }),
  });

  const application = new Koa();
  application.use(observeRequests(observers));
  application.use(answerLiveness());
  application.use(
    createRegistryApi({
      registry,
      decoder,
      converters,
      prefix: config.http.prefix,
      host: config.http.host,
      relativeUrls: config.http.relativeurls,
      headers: config.http.headers,
      maximumTags: config.tags.maxtags,
      maximumCatalogEntries: config.catalog.maxentries,
      decorate:
        notifier && ((repository, facts) => notifier.observe(repository, facts, facts.user)),
      redirect: !config.storage.redirect.disable,
      onError: (error, context) =>
        logger.error('request failed', { ...identifyRequest(context), ...describeError(error) }),
    }),
  );
  // What matters went to `onError`; what Koa tells is that a client left in the middle of an answer.
  application.on('error', (error) => logger.debug('connection broke', describeError(error)));

  const handle = application.callback();
  const http = createHttpServer((request, response) => void handle(request, response));
  // Too many open files, for one: the next client may be luckier. Failing to listen at all is told by `listen`.
  http.on('error', (error) => {
    if (http.listening) logger.error('cannot accept a connection', describeError(error));
  });
  const connections = new Connections(http);
  const maintenance = startMaintenance(config, { registry, driver, logger });
  const parts = { connections, maintenance, notifier, cache, driver: stored };
  let closing: Promise<boolean> | undefined;
  return {
    registry,
    http,
    connections,
    close: (timeoutMs) => (closing ??= closeAll(parts, timeoutMs)),
  };
}

interface ClosingParts {
  readonly connections: Connections;
  readonly maintenance: AsyncDisposable;
  readonly notifier: Notifier | undefined;
  readonly cache: ServerCache | undefined;
  readonly driver: StorageDriver;
}

/** From the outside in: what requests make use of is there until the last of them is over. */
async function closeAll(
  { connections, maintenance, notifier, cache, driver }: ClosingParts,
  timeoutMs: number,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  const [isClean] = await Promise.all([
    connections.drain(timeoutMs),
    maintenance[Symbol.asyncDispose](),
  ]);
  await notifier?.close({ deadlineMs: Math.max(0, end - performance.now()) });
  cache?.close();
  await disposeOf(driver);
  return isClean;
}

/** Drivers have no end in their contract; one that holds something open says so. */
async function disposeOf(driver: StorageDriver & Partial<AsyncDisposable & Disposable>) {
  await driver[Symbol.asyncDispose]?.();
  driver[Symbol.dispose]?.();
}
