import { parseBcryptHash } from './bcrypt-hash.ts';
import type { Users } from './parse-users.ts';

/** A user whose entry in a password file no password can match. */
export interface UnusableUser {
  readonly user: string;
  /** The format of the entry, as far as its prefix tells: `MD5 (apr1)`. */
  readonly format: string;
}

/** By the prefix of an entry. The formats of `htpasswd` and of crypt(3). */
const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^\$2[abxy]?\$/, 'malformed bcrypt'],
  [/^\$apr1\$/, 'MD5 (apr1)'],
  [/^\$1\$/, 'MD5 crypt'],
  [/^\{SHA\}/i, 'SHA-1'],
  [/^\{SSHA\}/i, 'salted SHA-1'],
  [/^\$5\$/, 'SHA-256 crypt'],
  [/^\$6\$/, 'SHA-512 crypt'],
  [/^\$(?:7|y|gy)\$/, 'yescrypt'],
  [/^\$argon2/, 'Argon2'],
  [/^[./A-Za-z0-9]{13}$/, 'DES crypt'],
];

/**
 * Finds the users that can never log in: only bcrypt hashes are compared with passwords, as in distribution. The entries
 * themselves are not in the result.
 */
export function findUnusableUsers(users: Users): readonly UnusableUser[] {
  return [...users]
    .filter(([, entry]) => parseBcryptHash(entry) === undefined)
    .map(([user, entry]) => ({ user, format: formatOf(entry) }));
}

function formatOf(entry: string): string {
  return FORMATS.find(([pattern]) => pattern.test(entry))?.[1] ?? 'no known hash';
}
