import { describe, expect, it, vi } from 'vitest';
import { ERROR_MESSAGES, RegistryError, type ErrorCode } from './errors.ts';

const CODES = Object.keys(ERROR_MESSAGES) as ErrorCode[];

describe('ERROR_MESSAGES', () => {
  it('has every code of the OCI distribution-spec', () => {
    expect(CODES).toEqual(
      expect.arrayContaining([
        'BLOB_UNKNOWN',
        'BLOB_UPLOAD_INVALID',
        'BLOB_UPLOAD_UNKNOWN',
        'DIGEST_INVALID',
        'MANIFEST_BLOB_UNKNOWN',
        'MANIFEST_INVALID',
        'MANIFEST_UNKNOWN',
        'NAME_INVALID',
        'NAME_UNKNOWN',
        'SIZE_INVALID',
        'UNAUTHORIZED',
        'DENIED',
        'UNSUPPORTED',
        'TOOMANYREQUESTS',
      ]),
    );
  });

  it.each(CODES)('has a message of its own for %s', (code) => {
    expect(ERROR_MESSAGES[code]).toMatch(/\w+ \w+/);
    expect(Object.values(ERROR_MESSAGES).filter((each) => each === ERROR_MESSAGES[code])).toEqual([
      ERROR_MESSAGES[code],
    ]);
  });
});

describe('RegistryError', () => {
  it.each(CODES)('has the message of the table for %s', (code) => {
    expect(new RegistryError(code)).toMatchObject({ code, message: ERROR_MESSAGES[code] });
  });

  it('has its own message, detail, cause and related failures when they are given', () => {
    const cause = new Error('disk');
    const related = [new RegistryError('MANIFEST_BLOB_UNKNOWN')];
    const options = { message: 'no room for a', detail: { free: 0 }, cause, related };
    expect(new RegistryError('STORAGE_FULL', options)).toMatchObject(options);
  });

  it('has no cause, detail or related failures when none are given', () => {
    const error = new RegistryError('UNKNOWN');
    expect('cause' in error).toBe(false);
    expect(error.detail).toBeUndefined();
    expect(error.related).toEqual([]);
  });

  it('is an Error that carries its name and stack', () => {
    const error = new RegistryError('DENIED');
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe(`RegistryError: ${ERROR_MESSAGES.DENIED}`);
    expect(error.stack).toContain('errors.test.ts');
  });
});

describe('RegistryError.is', () => {
  it('is true for any code when none is asked for', () => {
    expect(RegistryError.is(new RegistryError('DENIED'))).toBe(true);
  });

  it('is true only for the codes asked for', () => {
    const error = new RegistryError('DENIED');
    expect(RegistryError.is(error, 'DENIED')).toBe(true);
    expect(RegistryError.is(error, 'UNAUTHORIZED', 'DENIED')).toBe(true);
    expect(RegistryError.is(error, 'UNAUTHORIZED')).toBe(false);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['text', 'DENIED'],
    ['another error', new Error('DENIED')],
    ['an error with a code', Object.assign(new Error('x'), { code: 'DENIED' })],
    ['an object with the name', { name: 'RegistryError', code: 'DENIED' }],
    ['an object with the brand', { [Symbol.for('@purser/core/RegistryError')]: true }],
  ])('is false for %s', (_name, value) => {
    expect(RegistryError.is(value)).toBe(false);
  });

  it('is true for the error of another copy of this package', async () => {
    vi.resetModules();
    const copy = await import('./errors.ts');
    const error = new copy.RegistryError('BLOB_UNKNOWN');
    expect(error).not.toBeInstanceOf(RegistryError);
    expect(RegistryError.is(error, 'BLOB_UNKNOWN')).toBe(true);
    expect(RegistryError.is(error, 'BLOB_UPLOAD_UNKNOWN')).toBe(false);
    expect(copy.RegistryError.is(new RegistryError('DENIED'), 'DENIED')).toBe(true);
  });
});
