import { purser, withSettings, type RegistryProgram } from '@purser/registry-under-test';

export interface BucketAddress {
  readonly name: string;
  /** Of the service: `http://127.0.0.1:4443`. */
  readonly endpoint: string;
}

/** Settings of a server that keeps everything in a bucket, as variables of its environment. They forget its other storage. */
export function bucketSettings({
  name,
  endpoint,
}: BucketAddress): Readonly<Record<string, string>> {
  return {
    REGISTRY_STORAGE: 'gcs',
    REGISTRY_STORAGE_DELETE_ENABLED: 'true',
    REGISTRY_STORAGE_GCS_BUCKET: name,
    REGISTRY_STORAGE_GCS_ENDPOINT: endpoint,
  };
}

/** The server of this workspace, told to keep everything in a bucket. */
export function purserOnBucket(address: BucketAddress): RegistryProgram {
  return withSettings(purser(), bucketSettings(address));
}
