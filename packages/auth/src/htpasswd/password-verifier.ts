import { createHmac, randomBytes } from 'node:crypto';
import { verify } from '@node-rs/bcrypt';
import { RegistryError } from '@purser/core';
import { LRUCache } from 'lru-cache';
import type { Users } from './parse-users.ts';

export interface PasswordVerifierOptions {
  /** How many passwords are hashed at a time, 1 or more. They share the threads that read files. Default: 2. */
  readonly maximumConcurrent?: number | undefined;
  /** How many more may wait for that, 0 or more. Default: 200. */
  readonly maximumWaiting?: number | undefined;
  /**
   * How long a password that was right need not be hashed again, in milliseconds, unless its entry changes. 0: it is
   * hashed for every request. Default: 300,000.
   */
  readonly rememberMs?: number | undefined;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** As many users as are at work at a time; each costs some 200 bytes. */
const MOST_REMEMBERED = 10_000;
const BCRYPT = /^\$2[aby]\$(\d{2})\$[./A-Za-z0-9]{53}$/;
const USUAL_COST = '10';

/**
 * Tells whether passwords are right.
 *
 * An unknown user costs as much as one whose hash is of the highest cost in the file. A right password is remembered
 * by a hash under a key that only this process has, together with its entry: a changed entry is asked anew.
 */
export class PasswordVerifier {
  readonly #maximumConcurrent: number;
  readonly #maximumWaiting: number;
  readonly #verified: LRUCache<string, true> | undefined;
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #key = randomBytes(32);
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #decoy: { readonly users: Users; readonly hash: string } | undefined;

  /** @throws TypeError when an option is out of its bounds. */
  constructor(options: PasswordVerifierOptions = {}) {
    const { maximumConcurrent = 2, maximumWaiting = 200, rememberMs = 300_000 } = options;
    this.#maximumConcurrent = checkInteger('maximumConcurrent', maximumConcurrent, 1);
    this.#maximumWaiting = checkInteger('maximumWaiting', maximumWaiting, 0);
    const ttl = checkInteger('rememberMs', rememberMs, 0);
    this.#verified = ttl === 0 ? undefined : new LRUCache({ max: MOST_REMEMBERED, ttl });
  }

  /** @throws RegistryError `TOOMANYREQUESTS` when too many wait already. */
  async isRight(users: Users, { user, password }: Credentials): Promise<boolean> {
    const entry = users.get(user);
    const isKnown = entry !== undefined && BCRYPT.test(entry);
    const hash = isKnown ? entry : this.#decoyFor(users);
    const key = this.#fingerprint(user, hash, password);
    if (this.#verified?.get(key) === true) return true;
    let answer = this.#running.get(key);
    if (answer === undefined) {
      answer = this.#hash(password, hash).finally(() => this.#running.delete(key));
      this.#running.set(key, answer);
    }
    const isRight = (await answer) && isKnown;
    if (isRight) this.#verified?.set(key, true);
    return isRight;
  }

  async #hash(password: string, hash: string): Promise<boolean> {
    await this.#enter();
    try {
      // bcrypt repeats a password with its final NUL: `a\0a` would pass for `a`.
      return (await verify(password, hash)) && !password.includes('\0');
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active < this.#maximumConcurrent) {
      this.#active++;
      return;
    }
    if (this.#waiting.length >= this.#maximumWaiting) {
      throw new RegistryError('TOOMANYREQUESTS', { message: 'too many logins at once' });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the place on to who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#active--;
    else next();
  }

  #fingerprint(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64');
  }

  #decoyFor(users: Users): string {
    if (this.#decoy?.users !== users) this.#decoy = { users, hash: decoyOf(users) };
    return this.#decoy.hash;
  }
}

/** A hash that no password has, as costly as the costliest. */
function decoyOf(users: Users): string {
  const costs = [...users.values()].flatMap((hash) => BCRYPT.exec(hash)?.[1] ?? []);
  return `$2a$${costs.toSorted().at(-1) ?? USUAL_COST}$${'A'.repeat(53)}`;
}

function checkInteger(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`${option} must be an integer, ${least} or more: ${value}`);
}
