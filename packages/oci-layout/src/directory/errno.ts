import { RegistryError } from '@purser/core';

/** Whether an error is one of the operating system's, by name. */
export function isErrno(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && names.includes(String(error.code));
}

/** A full disk is told as such; every other failure of the operating system stays as it is, and names its file. */
export function translateErrno(error: unknown): unknown {
  if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) return error;
  return new RegistryError('STORAGE_FULL', { cause: error });
}
