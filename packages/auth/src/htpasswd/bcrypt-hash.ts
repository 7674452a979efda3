/** A hash that bcrypt can compare a password with. */
export interface BcryptHash {
  readonly text: string;
  /** Binary logarithm of the number of rounds: 4 to 31. */
  readonly cost: number;
}

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 22 characters hold the 16 bytes of the salt, 31 the 23 bytes of the digest; the digest has no spare bits. */
const HASH =
  /^(\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/;

/**
 * Reads an entry of a password file.
 *
 * Spare bits at the end of the salt are cleared: Go's bcrypt ignores them, and the library here refuses such a salt
 * without any hashing.
 *
 * @returns `undefined` for an entry that no password can match.
 */
export function parseBcryptHash(entry: string): BcryptHash | undefined {
  const [, start, cost, last, digest] = HASH.exec(entry) ?? [];
  if (start === undefined || last === undefined) return undefined;
  const lastOfSalt = ALPHABET[ALPHABET.indexOf(last) & 0b11_0000];
  return { text: `${start}${lastOfSalt}${digest}`, cost: Number(cost) };
}

/** A well-formed hash of a cost, for which no password is known: 16 zero bytes of salt, 23 of digest. */
export function decoyOf(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
}
