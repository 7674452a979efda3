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
  EROFS: 'PERMISSION_DENIED',
  EMFILE: 'BUSY',
  ENFILE: 'BUSY',
  ENOMEM: 'BUSY',
  EAGAIN: 'BUSY',
  EBUSY: 'BUSY',
  ETXTBSY: 'BUSY',
  // Deleting a directory that others keep filling.
  ENOTEMPTY: 'BUSY',
  EIO: 'FAILED',
  ELOOP: 'FAILED',
  EINVAL: 'FAILED',
  ENXIO: 'FAILED',
  ENODEV: 'FAILED',
  ESTALE: 'FAILED',
  ETIMEDOUT: 'FAILED',
};

/** The name of an operating system's error, such as `ENOENT`; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether an error is one of these, by name. */
export function isErrno(error: unknown, ...names: readonly string[]): boolean {
  const name = errnoOf(error);
  return name !== undefined && names.includes(name);
}

export function codeOfErrno(error: unknown): DriverErrorCode | undefined {
  const name = errnoOf(error);
  return name !== undefined && Object.hasOwn(ERRNO_CODES, name) ? ERRNO_CODES[name] : undefined;
}
