import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { FilesystemDriver } from '@purser/storage-driver-fs';
import type { DriverConfig } from '../config/storage-section.ts';

/** The place where everything is kept. */
export function createDriver(config: DriverConfig): StorageDriver {
  switch (config.name) {
    case 'filesystem':
      return new FilesystemDriver({
        rootDirectory: config.rootdirectory,
        maxConcurrency: config.maxthreads,
      });
    case 'inmemory':
      return new MemoryDriver();
  }
}
