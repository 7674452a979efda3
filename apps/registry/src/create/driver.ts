import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { FilesystemDriver } from '@purser/storage-driver-fs';
import type { Config } from '../config/schema.ts';
import type { DriverConfig } from '../config/storage-section.ts';
import { withRedirects } from './redirect-middleware.ts';

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
    case 'inmemory':
      return new MemoryDriver();
    case 'module': {
      const { loadDriver } = await import('./driver-module.ts');
      const { key, module, parameters } = config;
      return loadDriver(
        { name: key, module, parameters },
        { resolveFrom: [process.cwd(), import.meta.dirname] },
      );
    }
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
