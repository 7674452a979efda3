import { randomUUID } from 'node:crypto';
import { isObject } from '@purser/core';
import { DriverError, entriesOf, type StorageDriver } from '@purser/storage-driver';
import { systemClock, type Clock } from './clock.ts';

export interface LeaseOptions {
  readonly driver: StorageDriver;
  /** The directory of its files, which nothing else uses. */
  readonly path: string;
  /**
   * How long the lease holds after it was last renewed, in milliseconds. A holder that dies keeps the others out for so
   * long.
   */
  readonly termMs: number;
  readonly clock?: Clock | undefined;
}

/** Somebody else may have the lease by now. What was begun is left to them. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  constructor() {
    super('this process was too slow to renew its lease: another may have taken over');
  }
}

/** The state of a lease, as storage has it. */
interface Found {
  readonly number: number;
  readonly text: string;
}

const NUMBER_LENGTH = 12;

/**
 * Held by one of all that want it, in any process that shares the store, and by another when that one dies.
 *
 * Each number is a file that exactly one can create; the highest is the holder's, who rewrites it to renew. Who sees it
 * unchanged for a whole term, by a clock of its own, may create the next.
 */
export class Lease {
  readonly termMs: number;
  readonly #driver: StorageDriver;
  readonly #create: NonNullable<StorageDriver['create']>;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #holder = randomUUID();
  #number: number | undefined;
  #heldUntil = -Infinity;
  #seen: (Found & { readonly at: number }) | undefined;

  /** @throws TypeError when the driver cannot keep leases. */
  constructor({ driver, path, termMs, clock = systemClock }: LeaseOptions) {
    if (driver.create === undefined) {
      throw new TypeError(`the storage driver ${driver.name} cannot keep leases: it has no create`);
    }
    this.#driver = driver;
    this.#create = driver.create.bind(driver);
    this.#path = path;
    this.termMs = termMs;
    this.#clock = clock;
  }

  /** Whether it is held for the next moment, as far as this process can know without asking. */
  isHeld(): boolean {
    return this.#clock.now() < this.#heldUntil;
  }

  /** Takes the lease if it is free, or renews it. To be called several times within a term. @returns Whether it is held. */
  async hold(signal?: AbortSignal): Promise<boolean> {
    const startedAt = this.#clock.now();
    const current = await this.#find(signal);
    if (current !== undefined && current.number === this.#number) {
      await this.#write(current.number, { isReleased: false });
      this.#heldUntil = startedAt + this.termMs;
      return this.isHeld();
    }
    this.#lose();
    if (current !== undefined && !this.#isFree(current, startedAt)) return false;
    return this.#take((current?.number ?? 0) + 1, startedAt);
  }

  /** Gives it to whoever wants it next. */
  async release(): Promise<void> {
    if (this.#number !== undefined && this.isHeld()) {
      await this.#write(this.#number, { isReleased: true });
    }
    this.#lose();
  }

  #lose(): void {
    this.#number = undefined;
    this.#heldUntil = -Infinity;
  }

  /** Whether its holder gave it back, or has not renewed it for a term. */
  #isFree(current: Found, askedAt: number): boolean {
    if (isReleased(current.text)) return true;
    if (this.#seen?.number !== current.number || this.#seen.text !== current.text) {
      this.#seen = { ...current, at: this.#clock.now() };
      return false;
    }
    return askedAt - this.#seen.at > this.termMs;
  }

  async #take(number: number, startedAt: number): Promise<boolean> {
    const isMine = await this.#create(this.#pathOf(number), this.#encode({ isReleased: false }));
    if (!isMine) return false;
    this.#number = number;
    this.#heldUntil = startedAt + this.termMs;
    await this.#removeBefore(number);
    return this.isHeld();
  }

  async #write(number: number, state: { isReleased: boolean }): Promise<void> {
    await this.#driver.putContent(this.#pathOf(number), this.#encode(state), { durable: false });
  }

  #encode({ isReleased }: { isReleased: boolean }): Uint8Array {
    return Buffer.from(
      JSON.stringify({ holder: this.#holder, renewal: randomUUID(), released: isReleased }),
    );
  }

  async #find(signal: AbortSignal | undefined): Promise<Found | undefined> {
    const highest = (await this.#numbers(signal)).at(-1);
    if (highest === undefined) return undefined;
    const text = await this.#driver.getContent(this.#pathOf(highest), { signal });
    return { number: highest, text: Buffer.from(text).toString() };
  }

  async #removeBefore(number: number): Promise<void> {
    for (const old of await this.#numbers(undefined)) {
      if (old < number) await this.#driver.delete(this.#pathOf(old)).catch(ignoreMissing);
    }
  }

  /** In ascending order: names have leading zeros. */
  async #numbers(signal: AbortSignal | undefined): Promise<readonly number[]> {
    const numbers: number[] = [];
    try {
      for await (const { name } of entriesOf(this.#driver.list(this.#path, { signal }))) {
        if (/^\d+$/.test(name)) numbers.push(Number(name));
      }
    } catch (error) {
      ignoreMissing(error);
    }
    return numbers;
  }

  #pathOf(number: number): string {
    return `${this.#path}/${String(number).padStart(NUMBER_LENGTH, '0')}`;
  }
}

function isReleased(text: string): boolean {
  try {
    const state: unknown = JSON.parse(text);
    return isObject(state) && state['released'] === true;
  } catch {
    return false;
  }
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
}
