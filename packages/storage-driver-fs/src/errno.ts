import { constants } from 'node:os';
import type { DriverErrorCode } from '@purser/storage-driver';

/** What the errors of the operating system mean to a caller. What is not here is `FAILED`. */
export const ERRNO_CODES: Readonly<Record<string, DriverErrorCode>> = {
  ENOENT: 'PATH_NOT_FOUND',
  ENAMETOOLONG: 'PATH_TOO_LONG',
  EISDIR: 'NOT_A_FILE',
  ENOTDIR: 'NOT_A_DIRECTORY',
  // Making a directory where a file stands.
  EEXIST: 'NOT_A_DIRECTORY',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EFBIG: 'NO_SPACE',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'READ_ONLY',
  EMFILE: 'BUSY',
  ENFILE: 'BUSY',
  ENOMEM: 'BUSY',
  EAGAIN: 'BUSY',
  EBUSY: 'BUSY',
  ETXTBSY: 'BUSY',
  // Deleting a directory that others keep filling.
  ENOTEMPTY: 'BUSY',
  // A disk that fails, a device or a server that went away.
  EIO: 'UNAVAILABLE',
  ENODEV: 'UNAVAILABLE',
  ENXIO: 'UNAVAILABLE',
  ESTALE: 'UNAVAILABLE',
  ETIMEDOUT: 'UNAVAILABLE',
  ENOTCONN: 'UNAVAILABLE',
  EHOSTUNREACH: 'UNAVAILABLE',
  ELOOP: 'FAILED',
  EINVAL: 'FAILED',
};

/** The name of an operating system's error, such as `ENOENT`; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  // Node has no name for some, `EDQUOT` and `ESTALE` among them: their code is `Unknown system error -122`.
  return UNNAMED.get(-(errno ?? 0)) ?? (typeof code === 'string' ? code : undefined);
}

/** Names that the system has, by number. */
const UNNAMED: ReadonlyMap<number, string> = new Map(
  (['EDQUOT', 'ESTALE'] as const).map((name) => [constants.errno[name], name]),
);

/** Whether an error is one of these, by name. */
export function isErrno(error: unknown, ...names: readonly string[]): boolean {
  const name = errnoOf(error);
  return name !== undefined && names.includes(name);
}

export function codeOfErrno(error: unknown): DriverErrorCode | undefined {
  const name = errnoOf(error);
  return name !== undefined && Object.hasOwn(ERRNO_CODES, name) ? ERRNO_CODES[name] : undefined;
}
