import type { Server } from 'node:http';
import type { AccessController, Registry, Repository } from '@purser/core';
import type { RequestFacts } from '@purser/http-api';
import type { Notifier } from '@purser/notifications';
import type { Config } from '../config/schema.ts';
import type { Health } from '../observe/health/health.ts';
import type { HealthReport } from '../observe/debug/answer-health.ts';
import type { Logger } from '../observe/logger.ts';
import type { MetricsSnapshot } from '../observe/metrics/metrics.ts';
import type { Membership } from '../workers/join-primary.ts';
import { createAccess, without } from './access/access.ts';
import { createApplication } from './application.ts';
import type { Connections } from './http/connections.ts';
import { startDebugServer, type DebugServer } from './debug-server.ts';
import { Grace } from './grace.ts';
import { createHttpServer } from './http/http-server.ts';
import { startHealth } from './health/health.ts';
import { startMaintenance } from './maintenance/maintenance.ts';
import { withManifestRules } from './manifests/manifest-rules.ts';
import { createUrlRule } from './manifests/manifest-urls.ts';
import { startNotifier } from './events/notifier.ts';
import { createObservation, type Observation, type ServerObservers } from './observation.ts';
import type { Proxy } from './proxy/proxy.ts';
import { createReload, type Reloadable } from './reloadable.ts';
import { startStorage } from './storage/start-storage.ts';
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
  /** Called before `close`: probes and clients learn that this process ends, while it accepts and answers as before. */
  retire(): void;
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
  /** Used without `http.secret`. Default: a random one. */
  readonly secret?: string | undefined;
}

/**
 * The whole program: a driver, a registry on it, observed, served by the registry API. It does not listen yet.
 *
 * @throws StartError when a file that the configuration names cannot be used. What has been started until then has ended.
 */
export async function createServer(
  config: Config,
  observers: ServerObservers,
  parts: ServerParts = {},
): Promise<RegistryServer> {
  // Ended the other way round, from the outside in: what requests make use of is there until the last of them is over.
  await using started = new AsyncDisposableStack();
  const grace = new Grace();
  const { logger } = observers;
  const { membership, secret, reloadable: brought = [] } = parts;
  const observation = await createObservation(config, observers);
  const { metrics } = observation;
  let debug: DebugServer | undefined;
  started.defer(() => debug?.close());
  started.defer(() => observers.tracing?.close());

  const writes = new Writes(config, logger);
  const context = { observation, membership, writes, started };
  const { driver, forms, kept, local, proxy } = await startStorage(config, context);
  const registry = proxy?.registry ?? local;
  const access = started.adopt(await chooseAccess(config, parts, logger), (it) => it.close());
  metrics?.forAccess(access);
  const notifier = await startNotifier(config, logger, { metrics, place: membership });
  started.defer(async () => void (await notifier?.close({ deadlineMs: grace.leftMs })));

  const health = started.use(startHealth(config, { driver, logger }));
  const served = { registry, forms, driver, writes, secret, health, observation };
  const handle = createApplication(config, {
    ...served,
    access: access.controller,
    ...chooseRepositories(config, proxy, notifier),
  });
  const observer = metrics?.maintenance;
  started.use(startMaintenance(config, { ...kept, registry: local, writes, logger, observer }));
  const front = await createHttpServer(config.http, { handle, logger });
  let isClean = true;
  started.defer(async () => {
    isClean = await front.close(grace.leftMs);
  });
  // Of several processes, the primary speaks for all.
  if (membership === undefined) debug = await startDebug(config, observation, health);
  const reloadable = [...access.reloadable, ...front.reloadable, writes, ...brought];
  const running = started.move();
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
    retire() {
      health.isStopping = true;
      front.connections.retire();
    },
    close(timeoutMs) {
      if (closing === undefined) grace.begin(timeoutMs);
      closing ??= running.disposeAsync().then(() => isClean);
      return closing;
    },
  };
}

function startDebug({ http }: Config, { metrics, logger }: Observation, health: Health) {
  return startDebugServer(http.debug, {
    health: () => health.report(),
    metrics: metrics && (() => metrics.render()),
    logger,
  });
}

function chooseAccess({ auth }: Config, { access }: ServerParts, logger: Logger) {
  return access === undefined ? createAccess(auth, logger) : without(access);
}

/** The repository of a request: of an upstream or local, observed, and with the rules for pushes. */
function chooseRepositories(
  { validation }: Config,
  proxy: Proxy | undefined,
  notifier: Notifier | undefined,
) {
  const rules = [createUrlRule(validation.urls)].filter((rule) => rule !== undefined);
  return {
    resolveRepository: proxy?.resolveRepository,
    decorate(repository: Repository, facts: RequestFacts): Repository {
      const view = proxy?.view(repository, facts) ?? repository;
      return withManifestRules(notifier?.observe(view, facts, facts.user) ?? view, rules);
    },
  };
}
