import { describe, expect, it } from 'vitest';
import {
  codeOfError,
  isAmbiguous,
  isTransient,
  ResponseError,
  retryAfterOf,
  statusOf,
} from './errors.ts';

const answer = (status: number, message = '') => new ResponseError({ status, message });
const broken = (code: string) => Object.assign(new Error('broken'), { code });

describe('an error of the service', () => {
  it.each([
    [answer(401), 'PERMISSION_DENIED'],
    [answer(403), 'PERMISSION_DENIED'],
    [answer(403, 'User rate limit exceeded'), 'BUSY'],
    [answer(404, 'No such object: images/a'), 'PATH_NOT_FOUND'],
    [answer(404, 'The specified bucket does not exist.'), 'UNAVAILABLE'],
    [answer(408), 'BUSY'],
    [answer(412), undefined],
    [answer(429), 'BUSY'],
    [answer(500), 'UNAVAILABLE'],
    [answer(502), 'UNAVAILABLE'],
    [answer(503), 'BUSY'],
    [answer(507), 'NO_SPACE'],
    [new Error('Could not load the default credentials.'), 'PERMISSION_DENIED'],
    [broken('ECONNRESET'), 'UNAVAILABLE'],
    [broken('ERR_INVALID_ARG_TYPE'), undefined],
    ['text', undefined],
  ])('%s has the code %s', (error, code) => {
    expect(codeOfError(error)).toBe(code);
  });

  it('has its status wherever the libraries put it', () => {
    const errors = [
      { code: 503 },
      { status: 503 },
      { response: { status: 503 } },
      { response: { statusCode: 503 } },
    ];
    for (const properties of errors) {
      expect(statusOf(Object.assign(new Error('failed'), properties))).toBe(503);
    }
    expect(statusOf(broken('ECONNRESET'))).toBeUndefined();
  });

  it('tells how long to wait, in headers of either kind', () => {
    for (const headers of [new Headers({ 'retry-after': '2' }), { 'retry-after': '2' }]) {
      expect(retryAfterOf(Object.assign(new Error('busy'), { response: { headers } }))).toBe(2000);
    }
    expect(retryAfterOf(new Error('busy'))).toBeUndefined();
  });

  it.each([408, 429, 500, 502, 503, 504])('%i may pass', (status) => {
    expect(isTransient(answer(status))).toBe(true);
  });

  it('403 may pass when it is for a rate or a quota', () => {
    const error = answer(403, 'User rate limit exceeded');
    expect(isTransient(error)).toBe(true);
    expect(isAmbiguous(error)).toBe(false);
  });

  it.each([400, 401, 403, 404, 409, 412, 416, 501])('%i stays', (status) => {
    expect(isTransient(answer(status))).toBe(false);
  });

  it('a broken connection may pass, also when it is the cause of another error', () => {
    expect(isTransient(broken('ECONNRESET'))).toBe(true);
    expect(isTransient(new Error('request failed', { cause: broken('EPIPE') }))).toBe(true);
    expect(isTransient(broken('ENOTFOUND'))).toBe(false);
  });

  it('leaves open what was done, unless it refuses for the load', () => {
    expect(isAmbiguous(broken('ECONNRESET'))).toBe(true);
    expect(isAmbiguous(answer(503))).toBe(true);
    expect(isAmbiguous(answer(429))).toBe(false);
    expect(isAmbiguous(undefined)).toBe(false);
  });
});
