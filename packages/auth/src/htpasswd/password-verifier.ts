import { createHmac, randomBytes } from 'node:crypto';
import type { OperationOptions } from '@purser/core';
import { LRUCache } from 'lru-cache';
import { decoyOf } from './bcrypt-hash.ts';
import { comparePassword, readUsers } from './compare-password.ts';
import { LoginQueue, type Login } from './login-queue.ts';
import { sourcesOf, type LoginOrigin } from './login-sources.ts';
import type { Users } from './parse-users.ts';
import { SharedWork } from './shared-work.ts';

export interface PasswordVerifierOptions {
  /** Passwords that are hashed at a time, 1 or more. They share the threads that read files. Default: 2. */
  readonly maximumConcurrent?: number | undefined;
  /** Logins that wait for that, 0 or more. When there are more, those with the most recent failures are refused. Default: 200. */
  readonly maximumWaiting?: number | undefined;
  /**
   * How long an answer is remembered after its last use, in milliseconds, unless the password file changes. 0: every
   * password is hashed. Default: 3,600,000.
   */
  readonly rememberMs?: number | undefined;
  /** Milliseconds since any fixed moment. Default: those of the monotonic clock. */
  readonly now?: (() => number) | undefined;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Right passwords and wrong ones, each; an answer costs some 200 bytes. */
const MAXIMUM_REMEMBERED = 10_000;

interface Attempt {
  readonly login: Login;
  readonly answer: SharedWork<boolean>;
}

/**
 * Verifies passwords.
 *
 * Every wrong login costs as much as the costliest entry of the file: that of an unknown user, of a user with a cheaper
 * entry, and of a user with an entry that no password matches.
 *
 * Answers are remembered by a hash under a key that only this process has. A right password is remembered together with
 * its entry, so that a changed entry is verified again; wrong ones are forgotten when anything in the file changes, since
 * unknown users could be told from others if only theirs were.
 */
export class PasswordVerifier {
  readonly #right: LRUCache<string, true> | undefined;
  readonly #attempts = new Map<string, Attempt>();
  readonly #queue: LoginQueue;
  readonly #rememberMs: number;
  readonly #now: () => number;
  readonly #key = randomBytes(32);
  #known = readUsers(new Map());
  #wrong: LRUCache<string, true> | undefined;

  /** @throws TypeError when an option is out of its bounds. */
  constructor(options: PasswordVerifierOptions = {}) {
    const { maximumConcurrent = 2, maximumWaiting = 200, rememberMs = 3_600_000 } = options;
    this.#now = options.now ?? (() => performance.now());
    this.#queue = new LoginQueue({
      now: this.#now,
      maximumConcurrent: checkInteger('maximumConcurrent', maximumConcurrent, 1),
      maximumWaiting: checkInteger('maximumWaiting', maximumWaiting, 0),
    });
    this.#rememberMs = checkInteger('rememberMs', rememberMs, 0);
    this.#right = this.#createMemory();
    this.#wrong = this.#createMemory();
  }

  /**
   * @param options `signal` takes the login out of the queue.
   * @throws RegistryError `TOOMANYREQUESTS` when too many logins wait, and others have fewer recent failures.
   */
  async isRight(
    users: Users,
    credentials: Credentials,
    { signal, ...origin }: LoginOrigin & OperationOptions = {},
  ): Promise<boolean> {
    signal?.throwIfAborted();
    this.#follow(users);
    const { user, password } = credentials;
    const { hashes, highestCost } = this.#known;
    const entry = hashes.get(user)?.text ?? decoyOf(highestCost);
    const key = this.#fingerprint(user, entry, password);
    const remembered = this.#remembered(key);
    if (remembered !== undefined) return remembered;
    const sources = sourcesOf(this.#fingerprint(user), origin);
    const attempt = this.#attempts.get(key);
    if (attempt === undefined || attempt.answer.isAborted) {
      return this.#attempt(key, credentials, sources).wait(signal);
    }
    this.#queue.improve(attempt.login, sources);
    return attempt.answer.wait(signal);
  }

  #remembered(key: string): boolean | undefined {
    if (this.#right?.get(key) === true) return true;
    return this.#wrong?.get(key) === true ? false : undefined;
  }

  #follow(users: Users): void {
    if (this.#known.users === users) return;
    this.#known = readUsers(users);
    this.#wrong = this.#createMemory();
  }

  /** Logins with the same password at the same time are verified together. */
  #attempt(
    key: string,
    { user, password }: Credentials,
    sources: readonly string[],
  ): SharedWork<boolean> {
    const login: Login = { sources };
    const { hashes, highestCost } = this.#known;
    const compare = () => comparePassword(password, hashes.get(user), highestCost);
    const wrong = this.#wrong;
    const answer = new SharedWork(async (signal) => {
      try {
        const isRight = await this.#queue.run(login, compare, signal);
        (isRight ? this.#right : wrong)?.set(key, true);
        return isRight;
      } finally {
        if (this.#attempts.get(key)?.login === login) this.#attempts.delete(key);
      }
    });
    this.#attempts.set(key, { login, answer });
    return answer;
  }

  #createMemory(): LRUCache<string, true> | undefined {
    if (this.#rememberMs === 0) return undefined;
    return new LRUCache({
      max: MAXIMUM_REMEMBERED,
      ttl: this.#rememberMs,
      ttlResolution: 0,
      updateAgeOnGet: true,
      perf: { now: this.#now },
    });
  }

  #fingerprint(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64');
  }
}

function checkInteger(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`${option} must be an integer, ${least} or more: ${value}`);
}
