import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hash } from '@node-rs/bcrypt';
import { parseUsers, type Users } from './parse-users.ts';
import type { UserSource } from './user-source.ts';

/** How long the previous users count while the file cannot be read: an hour. */
const KEPT_MS = 60 * 60 * 1000;

/** A change in what a password file says. */
export type PasswordFileReport =
  /** It cannot be read; the previous users count for a while. Reported once until it can be read again. */
  | { readonly kind: 'unreadable'; readonly error: unknown; readonly keptMs: number }
  | { readonly kind: 'readable' }
  /** It holds no user: nobody can log in. */
  | { readonly kind: 'empty' };

export interface PasswordFileOptions {
  /** Called with each change; must not throw. */
  readonly observer?: ((report: PasswordFileReport) => void) | undefined;
  /** Milliseconds. Default: the time of this process. */
  readonly now?: (() => number) | undefined;
}

/**
 * Users in a file, which is read again whenever it has changed. While it is missing or malformed, the previous users
 * count for an hour.
 */
export class PasswordFile implements UserSource {
  readonly #path: string;
  readonly #options: PasswordFileOptions;
  #version = '';
  #users: Users | undefined;
  #failedAt: number | undefined;
  #looking: Promise<Users> | undefined;

  constructor(path: string, options: PasswordFileOptions = {}) {
    this.#path = path;
    this.#options = options;
  }

  /**
   * Returns the users as they are now, or the previous ones while the file cannot be read, at most for an hour.
   *
   * @throws The error of the file system; PasswordFileError when an entry is malformed.
   */
  async current(): Promise<Users> {
    try {
      return await this.read();
    } catch (error) {
      const users = this.#users;
      const { now = monotonicNow } = this.#options;
      if (users === undefined || now() - (this.#failedAt ?? now()) > KEPT_MS) throw error;
      return users;
    }
  }

  /**
   * Looks at the file for every call; calls of one moment look together. Previous users never count.
   *
   * @throws As `current`.
   */
  read(): Promise<Users> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Users> {
    const { observer = () => {}, now = monotonicNow } = this.#options;
    try {
      const users = await this.#readChanged();
      if (this.#failedAt !== undefined) observer({ kind: 'readable' });
      this.#failedAt = undefined;
      if (users !== this.#users && users.size === 0) observer({ kind: 'empty' });
      this.#users = users;
      return users;
    } catch (error) {
      this.#version = '';
      const isNews = this.#users !== undefined && this.#failedAt === undefined;
      this.#failedAt ??= now();
      if (isNews) observer({ kind: 'unreadable', error, keptMs: KEPT_MS });
      throw error;
    }
  }

  async #readChanged(): Promise<Users> {
    // Looked at before it is read: a change in between is seen at the next look.
    const { mtimeNs, size, ino } = await stat(this.#path, { bigint: true });
    const version = `${mtimeNs} ${size} ${ino}`;
    if (version === this.#version && this.#users !== undefined) return this.#users;
    const users = parseUsers(await readFile(this.#path, 'utf8'));
    this.#version = version;
    return users;
  }
}

function monotonicNow(): number {
  return performance.now();
}

/** The one user of a password file that was missing. */
export interface ProvisionedUser {
  readonly user: string;
  readonly password: string;
}

/**
 * Makes a password file with the user `docker` and a random password, for its owner alone, if there is none. Its
 * directory is made too.
 *
 * @returns `undefined` when there is a file.
 * @throws The error of the file system.
 * @see distribution, registry/auth/htpasswd, `createHtpasswdFile`.
 */
export async function provisionPasswordFile(path: string): Promise<ProvisionedUser | undefined> {
  if (await exists(path)) return undefined;
  const user = 'docker';
  const password = randomBytes(32).toString('base64url');
  const entry = `${user}:${await hash(password, 10)}`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, entry, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  return { user, password };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
