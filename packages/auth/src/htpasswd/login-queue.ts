import { RegistryError } from '@purser/core';
import { RecentFailures } from './recent-failures.ts';

export interface LoginQueueOptions {
  /** Logins that are verified at a time, 1 or more. */
  readonly maximumConcurrent: number;
  /** Logins that wait for their turn, 0 or more. */
  readonly maximumWaiting: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export interface Login {
  /** The user and the addresses that the login comes from. May change while the login waits. */
  sources: readonly string[];
}

interface Waiting {
  readonly login: Login;
  readonly begin: () => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * Lets logins be verified a few at a time. Each source, a user or an address, has a load: its logins in the queue, and its
 * recent failures. Next is the login whose sources have the least load together; of equals, the one that waits longest.
 * When the queue is full, the login with the most load is refused.
 *
 * Therefore wrong passwords for one user delay neither other users nor that user from another address. An address that
 * many clients share, such as that of a proxy, is never locked out: its logins only come after others.
 */
export class LoginQueue {
  readonly #options: LoginQueueOptions;
  readonly #failures: RecentFailures;
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>();
  /** Those that wait and those that are being verified. */
  readonly #logins = new Set<Login>();
  /** How many of them each source has. */
  readonly #pending = new Map<string, number>();
  #active = 0;

  constructor(options: LoginQueueOptions) {
    this.#options = options;
    this.#failures = new RecentFailures(options.now);
  }

  /**
   * Verifies a login when it is its turn.
   *
   * @param verify Returns true if the login is right.
   * @param signal Takes the login out of the queue; it has no effect once the login is being verified.
   * @throws RegistryError `TOOMANYREQUESTS` if the login is refused.
   */
  async run(login: Login, verify: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    this.#logins.add(login);
    this.#count(login.sources, 1);
    try {
      await this.#enter(login, signal);
      try {
        const isRight = await verify();
        if (!isRight) this.#failures.add(login.sources);
        return isRight;
      } finally {
        this.#leave();
      }
    } finally {
      this.#logins.delete(login);
      this.#count(login.sources, -1);
    }
  }

  /** Gives a login the sources of another one for the same password, if those have less load. */
  improve(login: Login, sources: readonly string[]): void {
    if (!this.#logins.has(login) || this.#loadOf(sources) >= this.#loadOf(login.sources)) return;
    this.#count(login.sources, -1);
    login.sources = sources;
    this.#count(sources, 1);
  }

  #count(sources: readonly string[], change: number): void {
    for (const source of sources) {
      const count = (this.#pending.get(source) ?? 0) + change;
      if (count === 0) this.#pending.delete(source);
      else this.#pending.set(source, count);
    }
  }

  #loadOf(sources: readonly string[]): number {
    let load = this.#failures.of(sources);
    for (const source of sources) load += this.#pending.get(source) ?? 0;
    return load;
  }

  async #enter(login: Login, signal: AbortSignal): Promise<void> {
    if (this.#active < this.#options.maximumConcurrent) {
      this.#active++;
      return;
    }
    if (this.#waiting.size >= this.#options.maximumWaiting) this.#makeRoom(login);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { login, begin: resolve, refuse: reject };
    this.#waiting.add(waiting);
    signal.addEventListener('abort', () => {
      this.#waiting.delete(waiting);
      reject(signal.reason);
    });
    await promise;
  }

  /** Refuses the login with the most load: the new one, unless a waiting one has more. */
  #makeRoom(login: Login): void {
    let most = this.#loadOf(login.sources);
    let worst: Waiting | undefined;
    for (const waiting of this.#waiting) {
      const load = this.#loadOf(waiting.login.sources);
      if (load <= most) continue;
      most = load;
      worst = waiting;
    }
    const error = new RegistryError('TOOMANYREQUESTS', {
      message: 'too many logins wait to be verified: retry later',
    });
    if (worst === undefined) throw error;
    this.#waiting.delete(worst);
    worst.refuse(error);
  }

  /** Hands the place on. */
  #leave(): void {
    let least = Infinity;
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) {
      const load = this.#loadOf(waiting.login.sources);
      if (load >= least) continue;
      least = load;
      next = waiting;
    }
    if (next === undefined) {
      this.#active--;
      return;
    }
    this.#waiting.delete(next);
    next.begin();
  }
}
