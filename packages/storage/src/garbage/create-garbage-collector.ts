import { randomUUID } from 'node:crypto';
import type { BlobDescriptorCache, ManifestDecoder } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { systemClock, type Clock } from './clock.ts';
import { collect } from './collection.ts';
import type { GarbageObserver, GarbageReport } from './garbage-report.ts';
import { whileHeld } from './held-lease.ts';
import { Lease } from './lease.ts';
import { LEASE_TERM_MS, SMALLEST_GRACE_MS } from './limits.ts';
import { LEASES } from './marker-paths.ts';
import type { Holder } from './restore-deletions.ts';

export interface GarbageCollectorOptions {
  readonly driver: StorageDriver;
  /** Reads manifests. A manifest of a format that it does not know keeps everything in its repository. */
  readonly decoder: ManifestDecoder;
  /** Told of what is deleted. The caches of other processes must be the same one, or forget by themselves. */
  readonly cache?: BlobDescriptorCache | undefined;
  readonly observer?: GarbageObserver | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

export interface CollectOptions {
  /**
   * How long who was told that content is here can rely on it, in milliseconds: longer than a push takes. Default and
   * smallest: 2 seconds, for a store that nobody pushes to.
   */
  readonly graceMs?: number | undefined;
  /** Whether manifests go that no tag names, no index holds, and whose subject is not there. Default `false`. */
  readonly deleteUntagged?: boolean | undefined;
  /** Whether nothing is written or deleted; needs no lease. Default `false`. */
  readonly dryRun?: boolean | undefined;
  /**
   * Whether no other process uses the store meanwhile, which the caller must see to. Then what nothing needs is deleted at
   * once: no lease, no grace, and so also where the driver has no `create`. Default `false`.
   */
  readonly offline?: boolean | undefined;
  /**
   * Whether to look, when another seems to collect here, if it is alive: that takes some 5 seconds. For a program that
   * runs once, since a collector that is killed leaves its lease. Default `false`: the next call looks.
   */
  readonly patient?: boolean | undefined;
  /** Ends it early, and leaves everything as it is then. */
  readonly signal?: AbortSignal | undefined;
}

/** Deletes what nothing needs, while the store is in use. */
export interface GarbageCollector {
  /**
   * Looks through the store, waits for the grace, looks again, and deletes what was garbage both times and nobody asked
   * for.
   *
   * @returns `undefined` when another collects here.
   * @throws TypeError when the grace is too small, or when the driver has no `create`, and so cannot tell who came first,
   * and it is neither a dry run nor offline; LeaseLostError when this process was stopped for so long that another
   * may have begun; whatever storage fails with. What was begun is then undone by the next collection.
   */
  collect(options?: CollectOptions): Promise<GarbageReport | undefined>;
}

/** One collector at a time deletes, of all that share the store. */
export function createGarbageCollector(options: GarbageCollectorOptions): GarbageCollector {
  const { driver, clock = systemClock } = options;
  let lease: Lease | undefined;

  return {
    async collect({ graceMs = SMALLEST_GRACE_MS, patient = false, ...rest } = {}) {
      if (!(graceMs >= SMALLEST_GRACE_MS)) {
        throw new TypeError(`the grace is ${graceMs} ms; expected ${SMALLEST_GRACE_MS} or more`);
      }
      const wanted = { ...options, ...rest, graceMs, clock, token: randomUUID() };
      if (rest.dryRun || rest.offline) return collect({ ...wanted, holder: ALONE });
      lease ??= new Lease({ driver, path: LEASES, termMs: LEASE_TERM_MS, clock });
      const holder = lease;
      const collectAlone = () =>
        whileHeld({ lease: holder, clock, signal: rest.signal }, (signal) =>
          collect({ ...wanted, holder, signal }),
        );
      const report = await collectAlone();
      if (report !== undefined || !patient) return report;
      // Who lives renews its lease several times meanwhile.
      await clock.wait(LEASE_TERM_MS + TIMER_SLACK_MS, rest.signal);
      return collectAlone();
    },
  };
}

/** A timer may come a little early. */
const TIMER_SLACK_MS = 50;

/** Where nobody else deletes. */
const ALONE: Holder = { isHeld: () => true };
