import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findOrBuild } from '@purser/external-programs';
import { withSettings, type RegistryProgram } from '@purser/registry-under-test';
import { bucketSettings, type BucketAddress } from './purser-on-bucket.ts';

/**
 * Distribution 3, told to keep everything in a bucket of an emulator, from which it can be pulled. Long uploads it sends to
 * `www.googleapis.com` whatever it is told, so no layer can be pushed.
 *
 * @param folder Where to write credentials, which it wants to have and does not use.
 * @see distribution, registry/storage/driver/gcs/gcs.go.
 */
export async function distributionOnBucket(
  address: BucketAddress,
  folder: string,
): Promise<RegistryProgram> {
  const credentials = join(folder, 'unused-credentials.json');
  const account = { client_id: 'nobody', client_secret: 'none', refresh_token: 'none' };
  await writeFile(credentials, JSON.stringify({ type: 'authorized_user', ...account }));
  const { REGISTRY_STORAGE_GCS_ENDPOINT: _, ...settings } = bucketSettings(address);
  const program = {
    name: 'distribution',
    command: await findOrBuild('distribution'),
    parameters: ['serve'],
    deletesTags: true,
    versionParameters: ['--version'],
  };
  return withSettings(program, {
    ...settings,
    // Without a key it cannot sign a URL, and would fail for each blob.
    REGISTRY_STORAGE_REDIRECT_DISABLE: 'true',
    GOOGLE_APPLICATION_CREDENTIALS: credentials,
    STORAGE_EMULATOR_HOST: new URL(address.endpoint).host,
    OTEL_TRACES_EXPORTER: 'none',
  });
}
