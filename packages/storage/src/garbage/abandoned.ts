import type { StorageDriver } from '@purser/storage-driver';
import type { Clock } from './clock.ts';
import { Lease } from './lease.ts';
import { LEASE_TERM_MS } from './limits.ts';
import { LEASES } from './marker-paths.ts';
import { restoreDeletions } from './restore-deletions.ts';

/** Deletions are over in less, as a rule; and so often it is looked whether one was abandoned. In milliseconds. */
const PATIENCE_MS = 1000;

/**
 * Ends what a collector left behind that died, when nothing collects here any more: whoever waits for a deletion takes
 * the lease as soon as it has run out, and undoes it.
 */
export class Abandoned {
  readonly #driver: StorageDriver;
  readonly #clock: Clock;
  #lease: Lease | undefined;
  #attending: Promise<void> | undefined;
  #attendedAt = -Infinity;

  constructor(driver: StorageDriver, clock: Clock) {
    this.#driver = driver;
    this.#clock = clock;
  }

  /** @param waitedMs How long somebody has waited. */
  async attend(waitedMs: number): Promise<void> {
    if (waitedMs < PATIENCE_MS || this.#driver.create === undefined) return;
    if (this.#attending === undefined) {
      if (this.#clock.now() - this.#attendedAt < PATIENCE_MS) return;
      this.#attendedAt = this.#clock.now();
      this.#attending = this.#undo().finally(() => {
        this.#attending = undefined;
      });
    }
    await this.#attending;
  }

  async #undo(): Promise<void> {
    this.#lease ??= new Lease({
      driver: this.#driver,
      path: LEASES,
      termMs: LEASE_TERM_MS,
      clock: this.#clock,
    });
    if (!(await this.#lease.hold())) return;
    try {
      await restoreDeletions(this.#driver, this.#lease);
    } finally {
      await this.#lease.release();
    }
  }
}
