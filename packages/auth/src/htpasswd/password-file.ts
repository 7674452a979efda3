import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hash } from '@node-rs/bcrypt';
import { parseUsers, type Users } from './parse-users.ts';
import type { UserSource } from './user-source.ts';

/** Users in a file, which is read again whenever it has changed. */
export class PasswordFile implements UserSource {
  readonly #path: string;
  #version = '';
  #users: Users = new Map();
  #looking: Promise<Users> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Looks at the file for every call; calls of one moment look together.
   *
   * @throws The error of the file system; PasswordFileError when an entry is malformed.
   */
  current(): Promise<Users> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Users> {
    // Looked at before it is read: what changes meanwhile is seen at the next look.
    const { mtimeNs, size, ino } = await stat(this.#path, { bigint: true });
    const version = `${mtimeNs} ${size} ${ino}`;
    if (version === this.#version) return this.#users;
    this.#version = '';
    const users = parseUsers(await readFile(this.#path, 'utf8'));
    this.#users = users;
    this.#version = version;
    return users;
  }
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
