import {
  contentMismatch,
  digestOf,
  exactLength,
  supportedAlgorithmOf,
  type Descriptor,
  type Repository,
  type RepositoryName,
} from '@purser/core';
import type { CopyOutcome } from './copy-event.ts';

export interface CopyBlobOptions {
  readonly from: Repository;
  readonly to: Repository;
  readonly mountFrom: RepositoryName | undefined;
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Up to this size, in bytes, a blob is sent from memory, which saves a session. */
const SMALL_BLOB_BYTES = 256 * 1024;

/**
 * Copies one blob under the digest by which it was named. Nothing is stored unless it is what that says.
 *
 * @throws RegistryError `DIGEST_INVALID`, `SIZE_INVALID`; what the repositories fail with.
 */
export async function copyBlob(
  descriptor: Descriptor,
  options: CopyBlobOptions,
): Promise<CopyOutcome> {
  const { mountFrom: from, to, signal, onProgress } = options;
  const { digest, size } = descriptor;
  if (from !== undefined && (await to.blobs.mount(digest, { from, signal })) !== undefined) {
    onProgress(size);
    return 'mounted';
  }
  const isSmall = size <= SMALL_BLOB_BYTES && supportedAlgorithmOf(digest) === 'sha256';
  await (isSmall ? putSmall(descriptor, options) : upload(descriptor, options));
  return 'copied';
}

async function putSmall(descriptor: Descriptor, options: CopyBlobOptions): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of read(descriptor, options)) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  if (digestOf(content) !== descriptor.digest) throw contentMismatch(descriptor.digest);
  await options.to.blobs.put(content, { signal: options.signal });
}

async function upload(descriptor: Descriptor, options: CopyBlobOptions): Promise<void> {
  const { to, signal } = options;
  const { digest, size } = descriptor;
  const algorithm = supportedAlgorithmOf(digest);
  const writer = await to.blobs.create({ algorithm, signal });
  try {
    await writer.append(read(descriptor, options), { length: size, signal });
  } catch (error) {
    // What broke the copy is what the caller has to know; the session is purged by the target in time.
    await writer.cancel().catch(() => {});
    throw error;
  }
  await writer.commit(digest, { signal });
}

/** The content of the source, no more and no less than its size, told of as it passes by. */
async function* read(
  { digest, size }: Descriptor,
  { from, signal, onProgress }: CopyBlobOptions,
): AsyncGenerator<Uint8Array> {
  const content = await from.blobs.open(digest, { signal });
  for await (const chunk of exactLength(size, content as AsyncIterable<Uint8Array>)) {
    yield chunk;
    onProgress(chunk.byteLength);
  }
}
