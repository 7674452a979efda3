import type { AccessController, Registry } from '@purser/core';
import { createRegistryApi, type RegistryApiOptions } from '@purser/http-api';
import type { StorageDriver } from '@purser/storage-driver';
import Koa from 'koa';
import type { Config } from '../config/schema.ts';
import type { Health } from '../observe/health/health.ts';
import { describeError } from '../observe/describe-error.ts';
import { noteFailure, notePlanned, observeRequests } from '../observe/observe-requests.ts';
import { allowOrigins } from './http/allow-origins.ts';
import type { HttpServerParts } from './http/http-server.ts';
import { answerLiveness } from './health/answer-liveness.ts';
import { answerProbes } from './health/answer-probes.ts';
import { Admission } from './http/limits/admission.ts';
import { ClientAddresses } from './http/limits/client-addresses.ts';
import type { ManifestForms } from './manifests/manifests.ts';
import type { Observation } from './observation.ts';
import { Readiness } from './health/readiness.ts';
import { refuseWhileUnhealthy } from './health/refuse-while-unhealthy.ts';
import type { Writes } from './writes.ts';

export interface ServedParts {
  readonly registry: Registry;
  readonly forms: ManifestForms;
  /** Whether it can be written is asked by those who probe the server. */
  readonly driver: StorageDriver;
  /** Nobody is asked when absent. */
  readonly access: AccessController | undefined;
  readonly writes: Writes;
  /** Used without `http.secret`. */
  readonly secret: string | undefined;
  readonly resolveRepository: RegistryApiOptions['resolveRepository'];
  readonly decorate: RegistryApiOptions['decorate'];
  readonly health: Health;
  readonly observation: Observation;
}

/** What answers requests: probes, then the registry API; each of them is observed. */
export function createApplication(config: Config, parts: ServedParts): HttpServerParts['handle'] {
  const { registry, forms, driver, access, writes, health, observation } = parts;
  const { resolveRepository, decorate } = parts;
  const { logger, around, routeObservers } = observation;
  const { limits } = config.http;
  const admission = new Admission({
    limits,
    logger,
    addresses: new ClientAddresses(limits.trustedproxies),
    identifiesCallers: access !== undefined,
  });
  const application = new Koa();
  application.use(observeRequests({ ...observation, probes: config.log.accesslog.probes }));
  const readiness = new Readiness({ driver, writes, logger });
  observation.metrics?.forReadiness(readiness);
  application.use(answerProbes(readiness, health));
  for (const middleware of around) application.use(middleware);
  application.use(refuseWhileUnhealthy(health));
  const origins = allowOrigins(config.http.cors);
  if (origins !== undefined) application.use(origins);
  application.use(answerLiveness());
  application.use(
    createRegistryApi({
      registry,
      ...forms,
      ...apiSettings(config),
      secret: config.http.secret ?? parts.secret,
      access,
      admit: (context) => admission.admit(context),
      onCaller: (caller, context) => admission.identify(caller, context),
      writes,
      resolveRepository,
      decorate,
      onRoute(route, context) {
        for (const observe of routeObservers) observe(route, context);
      },
      onError(error, context) {
        if (error !== writes.refusal) return noteFailure(context, error);
        notePlanned(context);
        observation.metrics?.plannedRefusals.inc();
      },
    }),
  );
  // What matters went to `onError`; what Koa tells is that a client left in the middle of an answer.
  application.on('error', (error) => logger.debug('connection broke', describeError(error)));
  return application.callback();
}

/** What the API does otherwise than by itself, as far as plain values say. */
function apiSettings({ http, tags, catalog, storage, policy }: Config) {
  const { classes } = policy.repository;
  return {
    prefix: http.prefix,
    host: http.host,
    relativeUrls: http.relativeurls,
    headers: http.headers,
    maximumTags: tags.maxtags,
    maximumCatalogEntries: catalog.maxentries,
    redirect: !storage.redirect.disable,
    manifestClasses: classes.length > 0 ? classes : undefined,
  };
}
