import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  ask,
  blobPath,
  pushManifest,
  pushStreamed,
  pushWhole,
  type BlobTarget,
  type SampleBlob,
} from '@purser/registry-under-test';
import type { Contestant, Material, SampleImage } from './contestant.ts';
import { measureProcess, repeat, type Sample } from './sample.ts';

const PUSHED_REPOSITORY = 'bench/pushed';

export interface BlobPushes {
  readonly material: Material;
  readonly blobs: readonly SampleBlob[];
  readonly concurrency: number;
}

/** Pushes blobs that the registry does not have, each with a POST and one PUT. One client pushes half of them. */
export async function pushBlobs(
  contestant: Contestant,
  { material, blobs, concurrency }: BlobPushes,
): Promise<Sample> {
  const chosen = concurrency === 1 ? blobs.slice(0, Math.ceil(blobs.length / 2)) : blobs;
  const target = targetOf(contestant, material);
  return firstPushes(contestant, chosen, {
    concurrency,
    push: (blob) => pushWhole(target, blob),
    digests: chosen.map(({ digest }) => digest),
  });
}

export interface ImagePushes {
  readonly material: Material;
  readonly concurrency: number;
}

/**
 * Pushes images that the registry does not have, as docker does: the blobs at the same time, each with a HEAD, a POST,
 * a PATCH in chunked encoding and an empty PUT; then the manifest under a tag.
 */
export async function pushImages(
  contestant: Contestant,
  { material, concurrency }: ImagePushes,
): Promise<Sample> {
  const { images } = material.pushed;
  const chosen = concurrency === 1 ? images.slice(0, Math.ceil(images.length / 2)) : images;
  const target = targetOf(contestant, material);
  return firstPushes(contestant, chosen, {
    concurrency,
    push: (image) => pushImage(target, image),
    digests: chosen.flatMap(({ config, layers, manifest }) =>
      [config, ...layers, manifest].map(({ digest }) => digest),
    ),
  });
}

interface FirstPushes<Item> {
  readonly concurrency: number;
  readonly push: (item: Item) => Promise<void>;
  /** Everything that will be stored. */
  readonly digests: readonly string[];
}

async function firstPushes<Item>(
  contestant: Contestant,
  items: readonly Item[],
  { concurrency, push, digests }: FirstPushes<Item>,
): Promise<Sample> {
  await contestant.forget(PUSHED_REPOSITORY, digests);
  // What another contestant has left for the disk to do must not be charged to this one.
  await promisify(execFile)('sync');
  const repetition = { concurrency, mayGoOn: (begun: number) => begun < items.length };
  const sample = await measureProcess(contestant.registry.pid, () =>
    repeat(repetition, async (operation) => {
      const item = items[operation];
      if (item !== undefined) await push(item);
    }),
  );
  await contestant.forget(PUSHED_REPOSITORY, digests);
  return sample;
}

function targetOf({ client }: Contestant, { source }: Material): BlobTarget {
  return { client, source, repository: PUSHED_REPOSITORY };
}

async function pushImage(target: BlobTarget, image: SampleImage): Promise<void> {
  const { client, repository } = target;
  await Promise.all(
    [image.config, ...image.layers].map(async (blob) => {
      const path = blobPath(repository, blob.digest);
      await ask(client, { method: 'HEAD', path }, [404]);
      await pushStreamed(target, blob);
    }),
  );
  // A tag for each: that many clients would move one tag at once is not what is measured.
  const tag = image.manifest.digest.slice(-12);
  await pushManifest({ client, repository }, tag, image.manifest);
}
