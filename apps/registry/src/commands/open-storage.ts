import type { ManifestDecoder } from '@purser/core';
import { createRegistry, type StoredRegistry } from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import { CONFIGURATION_PATH_VARIABLE } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createDriver } from '../create/storage/driver.ts';
import { findRootDirectory } from '../create/storage/root-directory.ts';
import { createManifestForms } from '../create/manifests/manifests.ts';
import { boundOldGeneration } from '../old-generation.ts';
import type { CommandProcess } from './serve.ts';

/** The storage of a registry, as its operator's commands see it: nothing is served. */
export interface OpenStorage extends AsyncDisposable {
  readonly config: Config;
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
  readonly registry: StoredRegistry;
}

/**
 * Opens the storage that a configuration names; its warnings are told.
 *
 * @throws ConfigurationError; StartError, also when there is no such directory.
 */
export async function openStorage(
  path: string | undefined,
  { environment, writeError }: Pick<CommandProcess, 'environment' | 'writeError'>,
): Promise<OpenStorage> {
  boundOldGeneration();
  const configPath = path ?? (environment[CONFIGURATION_PATH_VARIABLE] || undefined);
  const { config, warnings } = await loadConfig({ path: configPath, environment });
  for (const warning of warnings) writeError(`${warning}\n`);
  await findRootDirectory(config.storage.driver);
  const driver: StorageDriver & Partial<AsyncDisposable & Disposable> = await createDriver(
    config.storage.driver,
  );
  const { decoder } = await createManifestForms(config.compatibility);
  return {
    config,
    driver,
    decoder,
    registry: createRegistry({ driver, decoder }),
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]?.();
      driver[Symbol.dispose]?.();
    },
  };
}
