import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { systemClock, type Clock } from './garbage/clock.ts';
import { whileHeld } from './garbage/held-lease.ts';
import { Lease } from './garbage/lease.ts';
import { taskPath } from './paths.ts';

export interface RecurringTaskOptions {
  readonly driver: StorageDriver;
  /** What processes that share the store know it by: `purge-uploads`. */
  readonly name: string;
  /** How often it is done, by all of these processes together, in milliseconds. */
  readonly intervalMs: number;
  /** How long after the start this process tries for the first time, in milliseconds. */
  readonly firstDelayMs: number;
  /** Must end soon after the signal says so: another process may have taken over. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Told why the work was not done; it is tried again after an interval. Must not throw. */
  readonly onFailure: (error: unknown) => void;
  /** How long a process that dies keeps others from the work, in milliseconds. Default 30 seconds. */
  readonly leaseTermMs?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Milliseconds since 1970. Default: the time of the machine. */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_LEASE_TERM_MS = 30_000;

/** Clocks of machines differ a little, and so do timers: done so much of an interval ago is done. */
const DONE_SHARE = 0.9;

/**
 * Does something again and again, in one process of all that share a store: by a lease while it is done, and by a note of
 * when it was done last. Where a driver keeps no leases, every process does it.
 */
export class RecurringTask implements AsyncDisposable {
  readonly #options: RecurringTaskOptions;
  readonly #clock: Clock;
  readonly #lease: Lease | undefined;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  /** Begins at once; ends with `stop`. */
  constructor(options: RecurringTaskOptions) {
    const {
      driver,
      name,
      clock = systemClock,
      leaseTermMs: termMs = DEFAULT_LEASE_TERM_MS,
    } = options;
    this.#options = options;
    this.#clock = clock;
    this.#lease =
      driver.create && new Lease({ driver, path: `${taskPath(name)}/lease`, termMs, clock });
    this.#running = this.#run();
  }

  /** Ends the work, if it is under way, and waits for that. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the task was stopped'));
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const { firstDelayMs, intervalMs, onFailure } = this.#options;
    const { signal } = this.#stop;
    let delayMs = firstDelayMs;
    while (await this.#waited(delayMs)) {
      delayMs = intervalMs;
      try {
        await this.#turn(signal);
      } catch (error) {
        if (!signal.aborted) onFailure(error);
      }
    }
  }

  /** @returns Whether it goes on. */
  async #waited(durationMs: number): Promise<boolean> {
    const { signal } = this.#stop;
    await this.#clock.wait(durationMs, signal).catch(() => {});
    return !signal.aborted;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (await this.#isDone(signal)) return;
    const lease = this.#lease;
    if (lease === undefined) return this.#work(signal);
    const attempt = () =>
      whileHeld({ lease, clock: this.#clock, signal }, async (held) => {
        if (!(await this.#isDone(held))) await this.#work(held);
        return true;
      });
    // A holder that died is not known as such before a term is over.
    if (!(await attempt()) && (await this.#waited(lease.termMs + 1))) await attempt();
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#options.work(signal);
    const { driver, name, now = Date.now } = this.#options;
    const time = Buffer.from(new Date(now()).toISOString());
    await driver.putContent(`${taskPath(name)}/last`, time, { durable: false });
  }

  /** Whether another process did it lately. */
  async #isDone(signal: AbortSignal): Promise<boolean> {
    const { driver, name, intervalMs, now = Date.now } = this.#options;
    try {
      const content = await driver.getContent(`${taskPath(name)}/last`, { signal });
      const age = now() - Date.parse(Buffer.from(content).toString());
      return age >= 0 && age < intervalMs * DONE_SHARE;
    } catch (error) {
      if (DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_FILE')) return false;
      throw error;
    }
  }
}
