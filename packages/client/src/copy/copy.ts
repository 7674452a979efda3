import type { Digest, Tag } from '@purser/core';
import { copyBlob } from './copy-blob.ts';
import type { CopyEvent, CopyObserver, CopyOutcome } from './copy-event.ts';
import { needsOf } from './copy-graph.ts';
import {
  DEFAULT_CONCURRENCY,
  planCopy,
  type CopyItem,
  type CopyOptions,
  type CopyPlan,
  type CopyRequest,
} from './copy-plan.ts';
import { inParallel } from './in-parallel.ts';

export interface RunCopyOptions extends CopyOptions {
  /** Default: nobody is told. */
  readonly observer?: CopyObserver | undefined;
}

export interface CopyResult {
  readonly plan: CopyPlan;
  /** What was copied: the one the reference names, or its image for the platform. */
  readonly digest: Digest;
  readonly tags: readonly Tag[];
  readonly copied: CopyCount;
  readonly mounted: CopyCount;
}

export interface CopyCount {
  readonly items: number;
  readonly bytes: number;
}

/**
 * Copies what a reference names, byte for byte: to another repository, another registry, an image layout, or from one.
 *
 * Each blob goes once, and only when the target lacks it, so that a copy that broke off goes on where it was. Blobs come
 * before manifests, members before their index, a subject before what refers to it, tags last: the target never shows
 * anything by a tag that is not whole.
 *
 * @throws What `planCopy` throws; RegistryError `DIGEST_INVALID` or `SIZE_INVALID` when the source gives other content
 * than it named; what the repositories fail with. The others are stopped then.
 */
export async function copy(
  request: CopyRequest,
  options: RunCopyOptions = {},
): Promise<CopyResult> {
  return runCopy(await planCopy(request, options), options);
}

/** Does what a plan says. It may have become less meanwhile: storing what is there succeeds. */
export async function runCopy(plan: CopyPlan, options: RunCopyOptions = {}): Promise<CopyResult> {
  const { observer = () => {}, concurrency = DEFAULT_CONCURRENCY, signal } = options;
  const { to } = plan.request;
  const outcomes = new Map<CopyItem, CopyOutcome>();
  const observe = (event: CopyEvent) => {
    if (event.kind === 'finished') outcomes.set(event.item, event.outcome);
    observer(event);
  };
  observe({ kind: 'planned', plan });
  const work = (item: CopyItem, each: AbortSignal) =>
    copyItem(plan, item, { observe, signal: each });
  const waiting = plan.items.filter(({ action }) => action === 'copy');
  const blobs = waiting.filter(({ kind }) => kind === 'blob');
  // The largest first, so that none is left to wait for at the end.
  await inParallel(
    blobs.toSorted((left, right) => right.descriptor.size - left.descriptor.size),
    work,
    { concurrency, signal },
  );
  for (const level of levelsOf(plan, waiting))
    await inParallel(level, work, { concurrency, signal });
  for (const tag of plan.tags) {
    await to.tags.tag(tag, plan.digest, { signal });
    observe({ kind: 'tagged', tag, digest: plan.digest });
  }
  return {
    plan,
    digest: plan.digest,
    tags: plan.request.tags ?? [],
    copied: count(outcomes, 'copied'),
    mounted: count(outcomes, 'mounted'),
  };
}

interface ItemOptions {
  readonly observe: CopyObserver;
  readonly signal: AbortSignal;
}

async function copyItem(
  { request, manifests }: CopyPlan,
  item: CopyItem,
  { observe, signal }: ItemOptions,
): Promise<void> {
  const { from, to, mountFrom } = request;
  const { digest, size } = item.descriptor;
  observe({ kind: 'started', item });
  const onProgress = (bytes: number) => observe({ kind: 'progress', item, bytes });
  const manifest = item.kind === 'manifest' ? manifests.get(digest) : undefined;
  if (manifest === undefined) {
    const outcome = await copyBlob(item.descriptor, { from, to, mountFrom, onProgress, signal });
    return observe({ kind: 'finished', item, outcome });
  }
  await to.manifests.put(manifest, { digest, signal });
  onProgress(size);
  observe({ kind: 'finished', item, outcome: 'copied' });
}

/** Manifests that may be put together, after all those that they need. */
function levelsOf(
  { manifests }: CopyPlan,
  items: readonly CopyItem[],
): readonly (readonly CopyItem[])[] {
  const heights = new Map<Digest, number>();
  const levels: CopyItem[][] = [];
  for (const item of items) {
    const { digest } = item.descriptor;
    const manifest = item.kind === 'manifest' ? manifests.get(digest) : undefined;
    if (manifest === undefined) continue;
    const below = needsOf({ digest, manifest }).map((need) => heights.get(need) ?? -1);
    const height = below.reduce((highest, one) => Math.max(highest, one), -1) + 1;
    heights.set(digest, height);
    (levels[height] ??= []).push(item);
  }
  return levels;
}

function count(outcomes: ReadonlyMap<CopyItem, CopyOutcome>, wanted: CopyOutcome): CopyCount {
  const items = [...outcomes].filter(([, outcome]) => outcome === wanted).map(([item]) => item);
  return {
    items: items.length,
    bytes: items.reduce((total, { descriptor }) => total + descriptor.size, 0),
  };
}
