/** The password hashes of users, by name. */
export type Users = ReadonlyMap<string, string>;

/** A line of a password file that is neither an entry nor a comment. It does not tell what stands there. */
export class PasswordFileError extends Error {
  override readonly name = 'PasswordFileError';
}

/**
 * Reads a password file: `user:hash` on each line, blank lines and those that begin with `#` aside. Of a user named
 * twice the last entry counts.
 *
 * @throws PasswordFileError naming the first line without a colon.
 * @see distribution, registry/auth/htpasswd.
 */
export function parseUsers(text: string): Users {
  const users = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const colon = entry.indexOf(':');
    if (colon < 0) {
      throw new PasswordFileError(`invalid entry at line ${index + 1}: expected user:hash`);
    }
    users.set(entry.slice(0, colon), entry.slice(colon + 1));
  }
  return users;
}
