import { describe, expect, it } from 'vitest';
import { resolveOptions, type GcsDriverOptions } from './options.ts';

const bucket = 'images';

describe('the options of the gcs driver', () => {
  it('have defaults for all but the bucket', () => {
    expect(resolveOptions({ bucket })).toEqual({
      bucket,
      keyFile: undefined,
      credentials: undefined,
      keyPrefix: '',
      chunkSize: 8 * 1024 * 1024,
      maxConcurrency: 50,
      userAgent: undefined,
      endpoint: 'https://storage.googleapis.com',
      isEmulator: false,
      requestTimeoutMs: 60_000,
      retry: { maxAttempts: 7, baseDelayMs: 250, maxDelayMs: 8000 },
    });
  });

  it.each([
    ['', ''],
    ['/', ''],
    ['a', 'a/'],
    ['/a/b/', 'a/b/'],
    ['//a//', 'a/'],
  ])('make of the root directory %j the prefix %j', (rootDirectory, prefix) => {
    expect(resolveOptions({ bucket, rootDirectory }).keyPrefix).toBe(prefix);
  });

  it('raise a low limit, take an endpoint, and prefer a key file', () => {
    const credentials = { client_email: 'a@b', private_key: 'key' };
    expect(
      resolveOptions({
        bucket,
        credentials,
        keyFile: '/key.json',
        maxConcurrency: 1,
        endpoint: 'http://localhost:4443/',
      }),
    ).toMatchObject({
      maxConcurrency: 25,
      endpoint: 'http://localhost:4443',
      isEmulator: true,
      keyFile: '/key.json',
      credentials: undefined,
    });
  });

  it.each<[string, Partial<GcsDriverOptions>]>([
    ['bucket', { bucket: '' }],
    ['bucket', { bucket: 'gs://images' }],
    ['keyFile', { keyFile: '' }],
    ['credentials.private_key', { credentials: { client_email: 'a@b', private_key: '' } }],
    ['chunkSize', { chunkSize: 0 }],
    ['chunkSize', { chunkSize: 262_143 }],
    ['chunkSize', { chunkSize: 300_000 }],
    ['maxConcurrency', { maxConcurrency: 30.5 }],
    ['endpoint', { endpoint: 'localhost' }],
    ['requestTimeoutMs', { requestTimeoutMs: 0 }],
    ['retry.maxAttempts', { retry: { maxAttempts: 0 } }],
    ['retry.baseDelayMs', { retry: { baseDelayMs: -1 } }],
  ])('refuse a bad %s by its name (%#)', (name, options) => {
    expect(() => resolveOptions({ bucket, ...options })).toThrow(TypeError);
    expect(() => resolveOptions({ bucket, ...options })).toThrow(name);
  });
});
