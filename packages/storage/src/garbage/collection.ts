import { DigestTable } from '../digest-table.ts';
import { Turns } from '../turns.ts';
import type { Clock } from './clock.ts';
import type { CollectOptions, GarbageCollectorOptions } from './create-garbage-collector.ts';
import { deleteGarbage, type DeletionOptions } from './delete-garbage.ts';
import { eachConcurrently } from './each-concurrently.ts';
import type { Deleted, GarbageFound, GarbagePhase, GarbageReport } from './garbage-report.ts';
import { removeEmptyDirectories } from './empty-repository.ts';
import { ACTIVE_WAIT_MS, GRACE_MARGIN_MS } from './limits.ts';
import { mark, type MarkResult } from './mark.ts';
import type { Garbage, GarbageSet } from './marks.ts';
import { ACTIVE, markerPath } from './marker-paths.ts';
import { markedDigests, remove, restoreDeletions } from './restore-deletions.ts';
import { topDown } from './top-down.ts';

export interface CollectionOptions
  extends GarbageCollectorOptions, Omit<CollectOptions, 'graceMs'>, DeletionOptions {
  readonly clock: Clock;
  readonly graceMs: number;
}

/** Result of the first look, without its marks, which are not held during the grace period. */
interface Condemned extends Omit<MarkResult, 'garbage'> {
  readonly condemned: DigestTable;
}

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
    const { condemned, ...found } = await this.#announce();
    const total = condemned.size;
    if (total > 0) {
      const durationMs = this.#options.graceMs + GRACE_MARGIN_MS;
      this.#tell('grace', { total, durationMs });
      await this.#wait(durationMs);
      const again = await this.#mark('mark-again', condemned);
      await this.#sweep(again.garbage, total);
    }
    await this.#removeEmptyRepositories(found);
    return this.#report(found);
  }

  /** What one look finds is garbage, since nobody is there to ask for it. */
  async #runOffline(): Promise<GarbageReport> {
    const { driver, holder } = this.#options;
    await restoreDeletions(driver, holder);
    const found = await this.#mark('mark');
    await this.#sweep(found.garbage, found.garbage.size);
    await this.#removeEmptyRepositories(found);
    return this.#report(found);
  }

  async #runDry(): Promise<GarbageReport> {
    const { driver } = this.#options;
    const found = await this.#mark('mark');
    for (const number of found.garbage.numbers()) {
      const garbage = found.garbage.get(number);
      const info = garbage.data === undefined ? undefined : await driver.stat(garbage.data);
      this.#count(garbage, info?.size ?? 0);
    }
    return this.#report(found);
  }

  /** From here on every process asks before it grants, and finds what is condemned. */
  async #announce(): Promise<Condemned> {
    const { driver, holder } = this.#options;
    await restoreDeletions(driver, holder);
    await this.#clear();
    await driver.putContent(ACTIVE, Buffer.from(''), { durable: false });
    await this.#wait(ACTIVE_WAIT_MS);
    const { garbage, ...found } = await this.#mark('mark');
    await eachConcurrently(garbage.numbers(), CONCURRENCY, async (number) => {
      this.#options.signal?.throwIfAborted();
      const path = markerPath('condemned', garbage.digestOf(number));
      await driver.putContent(path, Buffer.from(''), { durable: false });
    });
    return { ...found, condemned: await digestsOf(garbage) };
  }

  async #mark(phase: GarbagePhase, only?: DigestTable): Promise<MarkResult> {
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
    if (observer === undefined) return found;
    const turns = new Turns();
    for (const number of found.garbage.numbers()) {
      observer({ kind: 'garbage', garbage: describe(number, found.garbage) });
      await turns.step();
    }
    return found;
  }

  async #removeEmptyRepositories({
    withoutManifests,
  }: Pick<MarkResult, 'withoutManifests'>): Promise<void> {
    const { driver, holder, signal } = this.#options;
    for (const name of withoutManifests) {
      signal?.throwIfAborted();
      if (holder.isHeld()) await removeEmptyDirectories(driver, name);
    }
  }

  /** Deletes parents before children: a parent that is spared keeps everything it references. */
  async #sweep(garbage: GarbageSet, condemned: number): Promise<void> {
    const total = garbage.size;
    this.#tell('sweep', { total });
    this.#spared = condemned - total;
    const kept = new Set<number>();
    for (const rank of await topDown(garbage)) {
      await eachConcurrently(rank, CONCURRENCY, async (number) => {
        if (!(await this.#delete(number, garbage, kept))) keepDependents(number, garbage, kept);
      });
    }
  }

  async #delete(number: number, work: GarbageSet, kept: ReadonlySet<number>): Promise<boolean> {
    const { observer, signal } = this.#options;
    signal?.throwIfAborted();
    const digest = work.digestOf(number);
    const garbage = work.get(number);
    const bytes = kept.has(number)
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

  #report({
    repositories,
    manifests,
    needed,
    damaged,
  }: Omit<MarkResult, 'garbage'>): GarbageReport {
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

function keepDependents(number: number, work: GarbageSet, kept: Set<number>): void {
  const waiting = [number];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const dependent of work.dependentsOf(next)) {
      if (kept.has(dependent)) continue;
      kept.add(dependent);
      waiting.push(dependent);
    }
  }
}

async function digestsOf(garbage: GarbageSet): Promise<DigestTable> {
  const turns = new Turns();
  const digests = new DigestTable();
  for (const number of garbage.numbers()) {
    digests.add(garbage.digestOf(number));
    await turns.step();
  }
  return digests;
}

function describe(number: number, garbage: GarbageSet): GarbageFound {
  const { data, links } = garbage.get(number);
  return {
    digest: garbage.digestOf(number),
    bytes: data !== undefined,
    links: links.map(({ repository, kind, name }) => ({ repository, kind, name })),
  };
}
