import { verify } from '@node-rs/bcrypt';
import { decoyOf, parseBcryptHash, type BcryptHash } from './bcrypt-hash.ts';
import type { Users } from './parse-users.ts';

const USUAL_COST = 10;

/** The users of a password file who can log in. */
export interface KnownUsers {
  readonly users: Users;
  readonly hashes: ReadonlyMap<string, BcryptHash>;
  readonly highestCost: number;
}

export function readUsers(users: Users): KnownUsers {
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

/**
 * Compares a password with the hash of a user, or of nobody. A wrong password takes 2^`highestCost` rounds, for every
 * hash and for none.
 */
export async function comparePassword(
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
