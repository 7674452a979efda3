import { join } from 'node:path';
import { bucketSettings } from '@purser/bucket';
import { GcsEmulator } from '@purser/external-programs';
import type { Sandbox } from '@purser/registry-under-test';
import type { StorageDriver } from '@purser/storage-driver';
import { FilesystemDriver } from '@purser/storage-driver-fs';
import { GcsDriver } from '@purser/storage-driver-gcs';

/** Where the registries keep everything, and the same seen from outside. */
export interface Place {
  /** Environment variables of the registries. */
  readonly settings: Readonly<Record<string, string>>;
  readonly driver: StorageDriver;
}

/** @throws Error when there is no such kind of place. */
export async function createPlace(
  kind: string,
  sandbox: Sandbox,
  resources: AsyncDisposableStack,
): Promise<Place> {
  if (kind === 'filesystem') {
    // The folder that a sandbox gives to the registries it starts.
    return {
      settings: {},
      driver: new FilesystemDriver({ rootDirectory: join(sandbox.folder, 'root') }),
    };
  }
  if (kind !== 'gcs') throw new Error(`no store ${kind}: use filesystem or gcs`);
  const { bucket, endpoint } = resources.use(await GcsEmulator.create());
  return {
    settings: bucketSettings({ name: bucket, endpoint }),
    driver: new GcsDriver({ bucket, endpoint }),
  };
}
