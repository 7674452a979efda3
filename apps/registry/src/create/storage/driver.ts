import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { FilesystemDriver } from '@purser/storage-driver-fs';
import type { Config } from '../../config/schema.ts';
import type { DriverConfig } from '../../config/storage-section.ts';
import { packageVersion } from '../../package-version.ts';
import type { DriverModule } from './driver-module.ts';
import { withRedirects } from './redirect-middleware.ts';
import { StartError } from '../start-error.ts';

/**
 * The place where everything is kept.
 *
 * @throws StartError when a driver from elsewhere cannot be used.
 */
export async function createDriver(config: DriverConfig): Promise<StorageDriver> {
  switch (config.name) {
    case 'filesystem':
      return new FilesystemDriver({
        rootDirectory: config.rootdirectory,
        maxConcurrency: config.maxthreads,
      });
    case 'gcs':
      return openBucket(config);
    case 'inmemory':
      return new MemoryDriver();
    case 'module': {
      const { loadDriver } = await import('./driver-module.ts');
      return loadDriver(driverModuleOf(config), resolving());
    }
  }
}

/**
 * Checks that a driver can be made, as far as this changes nothing: the factory of a driver from elsewhere is not called.
 *
 * @throws StartError as `createDriver`.
 */
export async function checkDriver(config: DriverConfig): Promise<void> {
  if (config.name !== 'module') return void (await createDriver(config));
  const { importFactory } = await import('./driver-module.ts');
  await importFactory(driverModuleOf(config), resolving());
}

type ModuleConfig = Extract<DriverConfig, { readonly name: 'module' }>;

function driverModuleOf({ key, module, parameters }: ModuleConfig): DriverModule {
  return { name: key, module, parameters };
}

function resolving() {
  return { resolveFrom: [process.cwd(), import.meta.dirname] };
}

/** Most servers keep content elsewhere, and need not load what speaks to the service. */
async function openBucket(
  config: Extract<DriverConfig, { readonly name: 'gcs' }>,
): Promise<StorageDriver> {
  const { GcsDriver } = await import('@purser/storage-driver-gcs');
  try {
    return new GcsDriver({
      bucket: config.bucket,
      keyFile: config.keyfile,
      credentials: config.credentials,
      rootDirectory: config.rootdirectory,
      chunkSize: config.chunksize,
      maxConcurrency: config.maxconcurrency,
      userAgent: config.useragent ?? `purser/${packageVersion()}`,
      endpoint: config.endpoint,
    });
  } catch (error) {
    throw new StartError(`storage.gcs: ${(error as Error).message}`, { cause: error });
  }
}

/** Wraps a driver as `middleware.storage` says. */
export function applyMiddleware(
  driver: StorageDriver,
  { storage }: Config['middleware'],
): StorageDriver {
  return storage
    .filter(({ disabled }) => !disabled)
    .reduce((wrapped, { options }) => withRedirects(wrapped, new URL(options.baseurl)), driver);
}
