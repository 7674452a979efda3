import { createHmac, randomBytes } from 'node:crypto';
import { verify } from '@node-rs/bcrypt';
import { RegistryError } from '@purser/core';
import { LRUCache } from 'lru-cache';
import { decoyOf, parseBcryptHash, type BcryptHash } from './bcrypt-hash.ts';
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
const USUAL_COST = 10;

/**
 * Tells whether passwords are right.
 *
 * Every wrong login costs as much as the costliest entry of the file: that of an unknown user, of a user with a cheaper
 * entry, and of a user with an entry that no password matches. A right password is remembered by a hash under a key that
 * only this process has, together with its entry, so that a changed entry is verified again.
 */
export class PasswordVerifier {
  readonly #maximumConcurrent: number;
  readonly #maximumWaiting: number;
  readonly #verified: LRUCache<string, true> | undefined;
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #key = randomBytes(32);
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #known: KnownUsers = { users: new Map(), hashes: new Map(), highestCost: USUAL_COST };

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
    if (this.#known.users !== users) this.#known = readUsers(users);
    const { hashes, highestCost } = this.#known;
    const hash = hashes.get(user);
    const key = this.#fingerprint(user, hash?.text ?? decoyOf(highestCost), password);
    if (this.#verified?.get(key) === true) return true;
    let answer = this.#running.get(key);
    if (answer === undefined) {
      answer = this.#compareInTurn(password, hash, highestCost).finally(() =>
        this.#running.delete(key),
      );
      this.#running.set(key, answer);
    }
    const isRight = await answer;
    if (isRight) this.#verified?.set(key, true);
    return isRight;
  }

  async #compareInTurn(
    password: string,
    hash: BcryptHash | undefined,
    highestCost: number,
  ): Promise<boolean> {
    await this.#enter();
    try {
      return await compare(password, hash, highestCost);
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
}

/** The users of a password file, as far as they can log in. */
interface KnownUsers {
  readonly users: Users;
  readonly hashes: ReadonlyMap<string, BcryptHash>;
  readonly highestCost: number;
}

function readUsers(users: Users): KnownUsers {
  const hashes = new Map<string, BcryptHash>();
  let highestCost = 0;
  for (const [user, entry] of users) {
    const hash = parseBcryptHash(entry);
    if (hash === undefined) continue;
    hashes.set(user, hash);
    highestCost = Math.max(highestCost, hash.cost);
  }
  return { users, hashes, highestCost: highestCost || USUAL_COST };
}

/** A wrong password takes 2^`highestCost` rounds, for every `hash` and for none. */
async function compare(
  password: string,
  hash: BcryptHash | undefined,
  highestCost: number,
): Promise<boolean> {
  if (hash === undefined) {
    await verify(password, decoyOf(highestCost));
    return false;
  }
  // bcrypt repeats a password with its final NUL: `a\0a` would pass for `a`.
  if ((await verify(password, hash.text)) && !password.includes('\0')) return true;
  // 2^c rounds are done: with 2^c, 2^(c+1) … 2^(highest-1) they add up to 2^highest.
  for (let cost = hash.cost; cost < highestCost; cost++) await verify(password, decoyOf(cost));
  return false;
}

function checkInteger(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`${option} must be an integer, ${least} or more: ${value}`);
}
