import {
  digestOf,
  RegistryError,
  type BlobProvider,
  type BlobStatter,
  type DescribedBlob,
  type DescribedBlobProvider,
  type Descriptor,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import type { Source } from './source.ts';
import { upstreamFailure } from './upstream-failure.ts';

/**
 * Opens a blob of an upstream, in one request where the remote can, since each costs as long as the way to upstream is.
 *
 * @throws RegistryError `BLOB_UNKNOWN` when upstream does not have it; whatever upstream fails with.
 */
export async function openUpstream(
  { remote, upstream }: Source,
  digest: Digest,
  options: OperationOptions,
): Promise<DescribedBlob> {
  const blobs: BlobStatter & BlobProvider & Partial<DescribedBlobProvider> = remote.blobs;
  try {
    if (blobs.openDescribed !== undefined) return await blobs.openDescribed(digest, options);
    const descriptor = await blobs.stat(digest, options);
    if (descriptor === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    return { descriptor, content: await blobs.open(digest, options) };
  } catch (error) {
    throw upstreamFailure(error, upstream);
  }
}

/**
 * Describes a blob of an upstream without fetching it. Some registries refuse HEAD, or do not know a blob by HEAD until
 * its first GET: they are asked by GET, whose content is not read.
 *
 * @returns `undefined` when upstream does not have it.
 * @throws RegistryError whatever upstream fails with.
 */
export async function statUpstream(
  source: Source,
  digest: Digest,
): Promise<Descriptor | undefined> {
  try {
    const found = await source.remote.blobs.stat(digest);
    if (found !== undefined && (found.size > 0 || digest === digestOf(NOTHING))) return found;
  } catch (error) {
    const isAnswer = RegistryError.is(error) && !RegistryError.is(error, ...NO_ANSWER);
    if (!isAnswer) throw upstreamFailure(error, source.upstream);
  }
  try {
    const { descriptor, content } = await openUpstream(source, digest, {});
    content.on('error', () => {}).destroy();
    return descriptor;
  } catch (error) {
    if (RegistryError.is(error, 'BLOB_UNKNOWN')) return undefined;
    throw error;
  }
}

/** Some registries answer HEAD without the length, which looks like that of the empty blob. */
const NOTHING = new Uint8Array();

/** A second request would not help. */
const NO_ANSWER = ['TOOMANYREQUESTS', 'UNAVAILABLE'] as const;
