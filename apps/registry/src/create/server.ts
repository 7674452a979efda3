import type { Server } from 'node:http';
import type { Registry } from '@purser/core';
import { createRegistryApi } from '@purser/http-api';
import { createRegistry } from '@purser/storage';
import Koa from 'koa';
import type { Config } from '../config/schema.ts';
import { describeError } from '../observe/describe-error.ts';
import type { LineSink, Logger } from '../observe/logger.ts';
import { identifyRequest, observeRequests } from '../observe/observe-requests.ts';
import { answerLiveness } from './answer-liveness.ts';
import { Connections } from './connections.ts';
import { createDecoder } from './decoder.ts';
import { createDriver } from './driver.ts';
import { createHttpServer } from './http-server.ts';

export interface RegistryServer {
  readonly registry: Registry;
  /** Not listening yet. */
  readonly http: Server;
  readonly connections: Connections;
}

export interface ServerObservers {
  readonly logger: Logger;
  /** Takes the lines of the access log; nobody when absent. */
  readonly writeAccess?: LineSink | undefined;
}

/** The whole program: a driver, a registry on it, observed, served by the registry API. Nothing is opened yet. */
export function createServer(config: Config, observers: ServerObservers): RegistryServer {
  const { logger } = observers;

  const driver = createDriver(config.storage.driver);
  const decoder = createDecoder();
  const registry = createRegistry({
    driver,
    decoder,
    deletion: config.storage.delete.enabled,
    references: config.validation,
    onDamage: ({ path, problem }) => logger.warn(`damage in storage: ${problem}`, { path }),
  });

  const application = new Koa();
  application.use(observeRequests(observers));
  application.use(answerLiveness());
  application.use(
    createRegistryApi({
      registry,
      decoder,
      prefix: config.http.prefix,
      host: config.http.host,
      relativeUrls: config.http.relativeurls,
      headers: config.http.headers,
      maximumTags: config.tags.maxtags,
      maximumCatalogEntries: config.catalog.maxentries,
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
  return { registry, http, connections: new Connections(http) };
}
