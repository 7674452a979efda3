/**
 * A server that keeps everything in a bucket of Google Cloud Storage, to try it on an emulator.
 *
 * ```ts
 * import { purserOnBucket } from '@purser/bucket';
 * import { GcsEmulator } from '@purser/external-programs';
 *
 * await using emulator = await GcsEmulator.create();
 * const program = purserOnBucket({ name: emulator.bucket, endpoint: emulator.endpoint });
 * ```
 *
 * @packageDocumentation
 */
export { bucketSettings, purserOnBucket, type BucketAddress } from './purser-on-bucket.ts';
