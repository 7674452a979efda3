import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { DRIVER_ERROR_MESSAGES, type DriverErrorCode } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { codeOfErrno, ERRNO_CODES, errnoOf, isErrno } from './errno.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed, open '/x'`), { code, syscall: 'open' });
}

const EXPECTED: Readonly<Record<string, DriverErrorCode>> = {
  ENOENT: 'PATH_NOT_FOUND',
  ENAMETOOLONG: 'PATH_TOO_LONG',
  EISDIR: 'NOT_A_FILE',
  ENOTDIR: 'NOT_A_DIRECTORY',
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
  ENOTEMPTY: 'BUSY',
  EIO: 'UNAVAILABLE',
  ELOOP: 'FAILED',
  EINVAL: 'FAILED',
  ENXIO: 'UNAVAILABLE',
  ENODEV: 'UNAVAILABLE',
  ESTALE: 'UNAVAILABLE',
  ETIMEDOUT: 'UNAVAILABLE',
  ENOTCONN: 'UNAVAILABLE',
  EHOSTUNREACH: 'UNAVAILABLE',
};

describe('the errors of the operating system', () => {
  it.each(Object.entries(EXPECTED))('%s means %s', (name, code) => {
    expect(codeOfErrno(systemError(name))).toBe(code);
  });

  it('are all in the table above, with a code of the driver', () => {
    expect(Object.keys(ERRNO_CODES).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
    for (const code of Object.values(ERRNO_CODES))
      expect(DRIVER_ERROR_MESSAGES).toHaveProperty(code);
  });

  it.each(Object.entries(EXPECTED).filter(([name]) => name in constants.errno))(
    '%s means %s as Node tells it, which has no name for some',
    (name, code) => {
      const errno = -constants.errno[name as keyof typeof constants.errno];
      const error = { code: getSystemErrorName(errno), errno, syscall: 'write' };
      expect(codeOfErrno(Object.assign(new Error('it failed'), error))).toBe(code);
    },
  );

  it('mean nothing when they are unknown, or not of the system', () => {
    expect(codeOfErrno(systemError('EWHATEVER'))).toBeUndefined();
    expect(codeOfErrno(systemError('constructor'))).toBeUndefined();
    expect(codeOfErrno(Object.assign(new Error('mine'), { code: 'ENOENT' }))).toBeUndefined();
    expect(codeOfErrno(new TypeError('a mistake'))).toBeUndefined();
    expect(codeOfErrno('ENOENT')).toBeUndefined();
  });

  it('are told apart by name', () => {
    expect(errnoOf(systemError('ENOENT'))).toBe('ENOENT');
    expect(isErrno(systemError('ENOENT'), 'EISDIR', 'ENOENT')).toBe(true);
    expect(isErrno(systemError('ENOENT'), 'EISDIR')).toBe(false);
    expect(isErrno(undefined, 'ENOENT')).toBe(false);
  });
});
