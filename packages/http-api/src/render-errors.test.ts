import { describe, expect, it } from 'vitest';
import { ERROR_MESSAGES, RegistryError, type ErrorCode, type Registry } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { envelopeOf, headersOf } from './fixtures/answers.ts';
import { serve } from './fixtures/serve.ts';

const EXPECTED: Record<ErrorCode, readonly [status: number, code: string]> = {
  BLOB_UNKNOWN: [404, 'BLOB_UNKNOWN'],
  BLOB_UPLOAD_INVALID: [400, 'BLOB_UPLOAD_INVALID'],
  BLOB_UPLOAD_UNKNOWN: [404, 'BLOB_UPLOAD_UNKNOWN'],
  DENIED: [403, 'DENIED'],
  DIGEST_INVALID: [400, 'DIGEST_INVALID'],
  HEADERS_TOO_LARGE: [431, 'UNSUPPORTED'],
  MANIFEST_BLOB_UNKNOWN: [400, 'MANIFEST_BLOB_UNKNOWN'],
  MANIFEST_INVALID: [400, 'MANIFEST_INVALID'],
  MANIFEST_TOO_LARGE: [413, 'MANIFEST_INVALID'],
  MANIFEST_UNKNOWN: [404, 'MANIFEST_UNKNOWN'],
  MANIFEST_UNVERIFIED: [400, 'MANIFEST_UNVERIFIED'],
  NAME_INVALID: [400, 'NAME_INVALID'],
  NAME_UNKNOWN: [404, 'NAME_UNKNOWN'],
  PARAMETER_INVALID: [400, 'UNSUPPORTED'],
  PRECONDITION_FAILED: [412, 'UNSUPPORTED'],
  RANGE_UNSATISFIABLE: [416, 'UNSUPPORTED'],
  REQUEST_MALFORMED: [400, 'UNSUPPORTED'],
  REQUEST_TIMEOUT: [408, 'UNSUPPORTED'],
  REQUEST_TOO_LONG: [414, 'UNSUPPORTED'],
  RESPONSE_INVALID: [502, 'UNKNOWN'],
  ROUTE_UNKNOWN: [404, 'UNSUPPORTED'],
  SIZE_INVALID: [400, 'SIZE_INVALID'],
  STORAGE_FULL: [507, 'UNAVAILABLE'],
  TOOMANYREQUESTS: [429, 'TOOMANYREQUESTS'],
  UNAUTHORIZED: [401, 'UNAUTHORIZED'],
  UNAVAILABLE: [503, 'UNAVAILABLE'],
  UNKNOWN: [500, 'UNKNOWN'],
  UNSUPPORTED: [405, 'UNSUPPORTED'],
  UPLOAD_OUT_OF_ORDER: [416, 'BLOB_UPLOAD_INVALID'],
};

/** A registry of which every listing fails. */
function failing(error: unknown): Registry {
  return {
    ...createMemoryRegistry(),
    repositories() {
      throw error;
    },
  };
}

describe('an error', () => {
  it.each(Object.keys(ERROR_MESSAGES) as ErrorCode[])('%s reaches the client', async (code) => {
    await using server = await serve({ registry: failing(new RegistryError(code)) });
    const response = await fetch(`${server.url}/v2/_catalog`);
    const [status, rendered] = EXPECTED[code];
    expect(response.status).toBe(status);
    expect(await envelopeOf(response)).toEqual([{ code: rendered, message: ERROR_MESSAGES[code] }]);
    expect(response.headers.get('retry-after')).toBe(status === 503 || status === 429 ? '5' : null);
    expect(server.failures).toHaveLength(status >= 500 ? 1 : 0);
  });

  it('is a JSON document that ends with a line break and says how long it is', async () => {
    const error = new RegistryError('NAME_UNKNOWN', { message: 'né', detail: { name: 'a' } });
    await using server = await serve({ registry: failing(error) });
    const response = await fetch(`${server.url}/v2/_catalog`);
    const text = await response.clone().text();
    expect(text).toBe(
      '{"errors":[{"code":"NAME_UNKNOWN","message":"né","detail":{"name":"a"}}]}\n',
    );
    expect(headersOf(response, 'content-type', 'content-length')).toEqual({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    });
  });

  it('brings those related to it along, each under its own code', async () => {
    const related = [
      new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: 'two' }),
      new RegistryError('ROUTE_UNKNOWN', { message: 'three' }),
    ];
    const error = new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: 'one', related });
    await using server = await serve({ registry: failing(error) });
    const response = await fetch(`${server.url}/v2/_catalog`);
    expect(response.status).toBe(400);
    expect(await envelopeOf(response)).toMatchObject([
      { code: 'MANIFEST_BLOB_UNKNOWN', detail: 'one' },
      { code: 'MANIFEST_BLOB_UNKNOWN', detail: 'two' },
      { code: 'UNSUPPORTED', message: 'three' },
    ]);
  });

  it.each([new Error('EACCES: /secret/path'), new TypeError('x'), 'thrown text', null, undefined])(
    'that is not meant for the client tells it nothing, and the observer everything: %s',
    async (error) => {
      await using server = await serve({ registry: failing(error) });
      const response = await fetch(`${server.url}/v2/_catalog`);
      expect(response.status).toBe(500);
      expect(await envelopeOf(response)).toEqual([{ code: 'UNKNOWN', message: 'unknown error' }]);
      expect(server.failures).toEqual([error]);
    },
  );

  it('goes without a body when the request was HEAD', async () => {
    await using server = await serve({ registry: failing(new RegistryError('DENIED')) });
    const response = await fetch(`${server.url}/v2/_catalog`, { method: 'HEAD' });
    expect(response.status).toBe(403);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
    expect(await response.text()).toBe('');
  });

  it('needs no observer', async () => {
    await using server = await serve({ registry: failing(new Error('x')), onError: undefined });
    expect((await fetch(`${server.url}/v2/_catalog`)).status).toBe(500);
  });
});
