import { RegistryError, type Digest, type OperationOptions } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { Abandoned } from './abandoned.ts';
import { systemClock, type Clock } from './clock.ts';
import { ACTIVE_MEMORY_MS, PROMPT_MS, SMALLEST_GRACE_MS } from './limits.ts';
import { ACTIVE, markerPath } from './marker-paths.ts';

/** How long anyone waits for a deletion, in milliseconds: several terms of the lease of a collector that died. */
const LONGEST_WAIT_MS = 30_000;
const POLL_MS = 25;

/** How often content is looked for again by who is too slow to rely on what was found. */
const ATTEMPTS = 5;

/** Content by its sha256, or how to find that out when it must be known; `undefined` when there is no such content. */
export type Claimed = Digest | (() => Promise<Digest | undefined>);

/**
 * Tells the collectors of garbage, of any process that shares the store, that somebody relies on content.
 *
 * Content must be looked for after it was claimed, not before. While nothing collects garbage here it costs nothing;
 * otherwise one look more, and a small write for content that is condemned.
 */
export class Grants {
  readonly #driver: StorageDriver;
  readonly #clock: Clock;
  readonly #abandoned: Abandoned;
  #activity: { readonly askedAt: number; readonly isActive: Promise<boolean> } | undefined;

  constructor(driver: StorageDriver, clock: Clock = systemClock) {
    this.#driver = driver;
    this.#clock = clock;
    this.#abandoned = new Abandoned(driver, clock);
  }

  /**
   * Claims content, then looks for it, as often as it takes for the answer to be one that can be relied on for the
   * grace.
   *
   * @param look What it finds, or makes, is promised to whoever asked. May be called again.
   * @throws RegistryError `UNAVAILABLE` when a deletion does not end, or storage is too slow to promise anything.
   */
  async granting<T>(
    claimed: Claimed,
    look: () => Promise<T>,
    options?: OperationOptions,
  ): Promise<T> {
    let claimedAt = await this.claim(claimed, options);
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      const found = await look();
      if (this.#clock.now() - claimedAt <= PROMPT_MS) return found;
      const before = claimedAt;
      claimedAt = await this.claim(claimed, options);
      // Nothing goes sooner after a claim: what was found before the second one is there.
      if (this.#clock.now() - before <= SMALLEST_GRACE_MS) return found;
    }
    throw new RegistryError('UNAVAILABLE', {
      message: 'the storage is too slow to tell what will still be there: try again',
    });
  }

  /**
   * Claims content once it is not being deleted.
   *
   * @returns The time before which nobody could have known of the claim.
   * @throws RegistryError `UNAVAILABLE`.
   */
  async claim(claimed: Claimed, options: OperationOptions = {}): Promise<number> {
    const begin = this.#clock.now();
    for (;;) {
      const now = this.#clock.now();
      if (!(await this.#isDeleted(claimed, options))) return now;
      if (now - begin > LONGEST_WAIT_MS) throw endless(claimed);
      await this.#abandoned.attend(now - begin);
      await this.#clock.wait(POLL_MS, options.signal);
    }
  }

  /**
   * Grants again what was granted one by one, when all of that took too long to rely on the first.
   *
   * @param since The time, by `now`, before the first grant.
   * @param again Grants, and fails when something is gone.
   */
  async renew(since: number, again: () => Promise<void>): Promise<void> {
    if (this.#clock.now() - since <= PROMPT_MS) return;
    const isActive = await this.#isActive();
    // A collector that is gone may have deleted what was granted when it had not yet begun: measured after it was asked.
    if (isActive || this.#clock.now() - since > SMALLEST_GRACE_MS) await again();
  }

  /** Milliseconds of a clock that only goes forward. */
  now(): number {
    return this.#clock.now();
  }

  async #isDeleted(claimed: Claimed, options: OperationOptions): Promise<boolean> {
    if (!(await this.#isActive())) return false;
    const digest = typeof claimed === 'string' ? claimed : await claimed();
    if (digest === undefined) return false;
    const driver = this.#driver;
    if (
      (await driver.stat(markerPath('condemned', digest), { ...options, only: 'file' })) ===
      undefined
    )
      return false;
    await driver.putContent(markerPath('touched', digest), EMPTY, { ...options, durable: false });
    return (
      (await driver.stat(markerPath('deleting', digest), { ...options, only: 'file' })) !==
      undefined
    );
  }

  /** Asked of storage about once a second. A collector that begins waits until all have asked again. */
  async #isActive(): Promise<boolean> {
    const now = this.#clock.now();
    if (this.#activity === undefined || now - this.#activity.askedAt > ACTIVE_MEMORY_MS) {
      const isActive = this.#driver
        .stat(ACTIVE, { only: 'file' })
        .then((info) => info !== undefined);
      this.#activity = { askedAt: now, isActive };
      // A failure is told to whoever asked, and not remembered.
      isActive.catch(() => {
        this.#activity = undefined;
      });
    }
    return this.#activity.isActive;
  }
}

function endless(claimed: Claimed): RegistryError {
  return new RegistryError('UNAVAILABLE', {
    message: 'the content is being deleted, and whatever does that does not come to an end',
    detail: typeof claimed === 'string' ? { digest: claimed } : undefined,
  });
}

const EMPTY = Buffer.alloc(0);
