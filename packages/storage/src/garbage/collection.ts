import type { Digest } from '@purser/core';
import { blobDataPath } from '../paths.ts';
import type { Clock } from './clock.ts';
import type { CollectOptions, GarbageCollectorOptions } from './create-garbage-collector.ts';
import { deleteGarbage, type DeletionOptions } from './delete-garbage.ts';
import { eachConcurrently } from './each-concurrently.ts';
import type { Deleted, GarbageFound, GarbagePhase, GarbageReport } from './garbage-report.ts';
import { removeEmptyDirectories } from './empty-repository.ts';
import { ACTIVE_WAIT_MS, GRACE_MARGIN_MS } from './limits.ts';
import { mark, type Garbage, type MarkResult } from './mark.ts';
import { ACTIVE, markerPath } from './marker-paths.ts';
import { markedDigests, remove, restoreDeletions } from './restore-deletions.ts';
import { topDown } from './top-down.ts';

export interface CollectionOptions
  extends GarbageCollectorOptions, Omit<CollectOptions, 'graceMs'>, DeletionOptions {
  readonly clock: Clock;
  readonly graceMs: number;
}

type Work = ReadonlyMap<Digest, Garbage>;

/** How many small files are written or deleted at a time. */
const CONCURRENCY = 16;

/** One collection, by who holds the lease. */
export async function collect(options: CollectionOptions): Promise<GarbageReport> {
  return new Collection(options).run();
}

class Collection {
  readonly #options: CollectionOptions;
  readonly #startedAt: number;
  readonly #deleted = { blobs: 0, bytes: 0, manifests: 0, links: 0 };
  #spared = 0;

  constructor(options: CollectionOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  async run(): Promise<GarbageReport> {
    if (this.#options.dryRun) return this.#runDry();
    try {
      return await (this.#options.offline ? this.#runOffline() : this.#runOnline());
    } finally {
      await this.#leave();
    }
  }

  async #runOnline(): Promise<GarbageReport> {
    const found = await this.#announce();
    const condemned = new Set(found.garbage.keys());
    if (condemned.size > 0) {
      const durationMs = this.#options.graceMs + GRACE_MARGIN_MS;
      this.#tell('grace', { total: condemned.size, durationMs });
      await this.#wait(durationMs);
      await this.#sweep(await this.#mark('mark-again', condemned), condemned.size);
    }
    await this.#removeEmptyRepositories(found);
    return this.#report(found);
  }

  /** What one look finds is garbage, since nobody is there to ask for it. */
  async #runOffline(): Promise<GarbageReport> {
    const { driver, holder } = this.#options;
    await restoreDeletions(driver, holder);
    const found = await this.#mark('mark');
    await this.#sweep(found, found.garbage.size);
    await this.#removeEmptyRepositories(found);
    return this.#report(found);
  }

  async #runDry(): Promise<GarbageReport> {
    const { driver } = this.#options;
    const found = await this.#mark('mark');
    for (const [digest, garbage] of found.garbage) {
      const info = garbage.data === undefined ? undefined : await driver.stat(blobDataPath(digest));
      this.#count(garbage, info?.size ?? 0);
    }
    return this.#report(found);
  }

  /** From here on every process asks before it grants, and finds what is condemned. */
  async #announce(): Promise<MarkResult> {
    const { driver, holder } = this.#options;
    await restoreDeletions(driver, holder);
    await this.#clear();
    await driver.putContent(ACTIVE, Buffer.from(''), { durable: false });
    await this.#wait(ACTIVE_WAIT_MS);
    const found = await this.#mark('mark');
    await eachConcurrently(found.garbage.keys(), CONCURRENCY, async (digest) => {
      this.#options.signal?.throwIfAborted();
      await driver.putContent(markerPath('condemned', digest), Buffer.from(''), { durable: false });
    });
    return found;
  }

  async #mark(phase: GarbagePhase, only?: ReadonlySet<Digest>): Promise<MarkResult> {
    const { driver, decoder, deleteUntagged = false, observer, signal } = this.#options;
    this.#tell(phase);
    const found = await mark({
      driver,
      decoder,
      deleteUntagged,
      only,
      signal,
      onRepository: (name) => observer?.({ kind: 'repository', name }),
    });
    if (only !== undefined) return found;
    for (const damaged of found.damaged) observer?.({ kind: 'damaged', damaged });
    for (const [digest, garbage] of found.garbage) {
      observer?.({ kind: 'garbage', garbage: describe(digest, garbage) });
    }
    return found;
  }

  async #removeEmptyRepositories({ withoutManifests }: MarkResult): Promise<void> {
    const { driver, holder, signal } = this.#options;
    for (const name of withoutManifests) {
      signal?.throwIfAborted();
      if (holder.isHeld()) await removeEmptyDirectories(driver, name);
    }
  }

  /** What stays keeps what it needs, so it is seen to first. */
  async #sweep({ garbage }: MarkResult, condemned: number): Promise<void> {
    this.#tell('sweep', { total: garbage.size });
    this.#spared = condemned - garbage.size;
    const kept = new Set<Digest>();
    for (const rank of topDown(garbage)) {
      await eachConcurrently(rank, CONCURRENCY, async (digest) => {
        if (!(await this.#delete(digest, garbage, kept))) keepDependents(digest, garbage, kept);
      });
    }
  }

  async #delete(digest: Digest, work: Work, kept: ReadonlySet<Digest>): Promise<boolean> {
    const { observer, signal } = this.#options;
    signal?.throwIfAborted();
    const garbage = work.get(digest)!;
    const bytes = kept.has(digest)
      ? undefined
      : await deleteGarbage(digest, garbage, this.#options);
    if (bytes === undefined) this.#spared++;
    else this.#count(garbage, bytes);
    observer?.({ kind: 'done', digest, bytes });
    return bytes !== undefined;
  }

  #count({ data, links }: Garbage, bytes: number): void {
    if (data !== undefined) this.#deleted.blobs++;
    this.#deleted.bytes += bytes;
    for (const { kind } of links) this.#deleted[kind === 'manifest' ? 'manifests' : 'links']++;
  }

  #report({ repositories, manifests, needed, damaged }: MarkResult): GarbageReport {
    return {
      repositories,
      needed: { manifests, digests: needed },
      deleted: this.#deleted satisfies Deleted,
      spared: this.#spared,
      damaged,
      durationMs: Math.round(this.#options.clock.now() - this.#startedAt),
    };
  }

  /** Nothing is condemned any more, so that a grant costs nothing again; of a failure the next collection takes care. */
  async #leave(): Promise<void> {
    const { driver, holder } = this.#options;
    if (!holder.isHeld()) return;
    try {
      await restoreDeletions(driver, holder);
      await this.#clear();
      if (holder.isHeld()) await remove(driver, ACTIVE);
    } catch {
      // Storage fails, as it did before: what is thrown then says so.
    }
  }

  async #clear(): Promise<void> {
    const { driver, holder } = this.#options;
    for (const marker of ['condemned', 'touched'] as const) {
      await eachConcurrently(markedDigests(driver, marker), CONCURRENCY, async (digest) => {
        if (holder.isHeld()) await remove(driver, markerPath(marker, digest));
      });
    }
  }

  #wait(durationMs: number): Promise<void> {
    return this.#options.clock.wait(durationMs, this.#options.signal);
  }

  #tell(phase: GarbagePhase, known: { total?: number; durationMs?: number } = {}): void {
    this.#options.observer?.({ kind: 'phase', phase, ...known });
  }
}

function keepDependents(digest: Digest, work: Work, kept: Set<Digest>): void {
  const queue = [...(work.get(digest)?.dependents ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (kept.has(next)) continue;
    kept.add(next);
    queue.push(...(work.get(next)?.dependents ?? []));
  }
}

function describe(digest: Digest, { data, links }: Garbage): GarbageFound {
  return {
    digest,
    bytes: data !== undefined,
    links: links.map(({ repository, kind, name }) => ({ repository, kind, name })),
  };
}
