import { createRegistry } from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import { observeDriver } from '../../observe/observe-driver.ts';
import type { Membership } from '../../workers/join-primary.ts';
import { createManifestForms } from '../manifests/manifests.ts';
import type { Observation } from '../observation.ts';
import { startProxy, type ProxyParts } from '../proxy/proxy.ts';
import type { Writes } from '../writes.ts';
import { createCache } from './cache.ts';
import { applyMiddleware, createDriver } from './driver.ts';

export interface StorageParts {
  readonly observation: Observation;
  readonly membership: Membership | undefined;
  readonly writes: Writes;
  /** What must be ended. */
  readonly started: AsyncDisposableStack;
}

/** What content is kept in, and pulled through. */
export async function startStorage(
  config: Config,
  { observation, membership, writes, started }: StorageParts,
) {
  const { logger, metrics } = observation;
  const stored = started.adopt(await createDriver(config.storage.driver), disposeOf);
  const seen = observeDriver(stored, observation.driverObservers);
  const driver = applyMiddleware(seen, config.middleware);
  const forms = await createManifestForms(config.compatibility);
  const cache = await createCache(config, logger, { metrics, membership });
  started.defer(() => cache?.close());
  const kept: Omit<ProxyParts, 'logger'> = {
    driver,
    decoder: forms.decoder,
    cache: cache?.cache,
    onLeftover(path, error) {
      const message =
        'the files of an upload that is over could not be removed: a purge removes them';
      logger.warn(message, { path, ...describeError(error) });
    },
    onDamage: ({ path, problem }) => logger.warn(`damage in storage: ${problem}`, { path }),
    verifyReads: config.storage.verifyreads.enabled,
    writes,
  };
  const local = createRegistry({ ...kept, ...storageSettings(config, membership) });
  const proxy = await startProxy(local, config, { ...kept, logger, metrics });
  started.defer(() => proxy?.close());
  return { driver, forms, kept, local, proxy };
}

/** What clients may do to stored content. */
function storageSettings(
  { storage, validation, http }: Config,
  membership: Membership | undefined,
) {
  return {
    deletion: storage.delete.enabled,
    repositoryDeletion: storage.delete.repositories,
    references: validation,
    tagReads: storage.tag.concurrencylimit,
    walks: { places: http.limits.walks },
    exclusion: membership?.exclusion,
  };
}

/** Drivers have no end in their contract; one that holds something open says so. */
async function disposeOf(driver: StorageDriver & Partial<AsyncDisposable & Disposable>) {
  await driver[Symbol.asyncDispose]?.();
  driver[Symbol.dispose]?.();
}
