import { describe, expect, it } from 'vitest';
import { resolveEndpoint, type EndpointOptions } from './endpoint.ts';

function resolve(options: Partial<EndpointOptions>) {
  return resolveEndpoint({ name: 'e', url: 'https://e.example/', ...options });
}

describe('resolveEndpoint', () => {
  it('has the defaults of distribution, also for what is not positive', () => {
    const expected = { timeoutMs: 1000, threshold: 10, backoffMs: 1000 };
    expect(resolve({})).toMatchObject(expected);
    expect(resolve({ timeoutMs: 0, threshold: -1, backoffMs: 0 })).toMatchObject(expected);
  });

  it('ignores media types of both spellings', () => {
    const { ignoredMediaTypes, ignoredActions } = resolve({
      ignoredMediaTypes: ['a/a'],
      ignore: { mediaTypes: ['b/b'], actions: ['pull'] },
    });
    expect([...ignoredMediaTypes, ...ignoredActions]).toEqual(['a/a', 'b/b', 'pull']);
  });

  it.each<[string, Partial<EndpointOptions>]>([
    ['a URL that is none', { url: 'e.example' }],
    ['a URL that is not http', { url: 'ftp://e.example/hush' }],
    ['an empty secret', { secret: '' }],
    ['a header name that cannot be sent', { headers: { 'a b': ['c'] } }],
    ['a header value that cannot be sent', { headers: { a: ['hush\n'] } }],
    ['a limit below one', { deadLetterAfter: { attempts: 0 } }],
    ['a limit that is no number', { deadLetterAfter: { ageMs: Number.NaN } }],
  ])('refuses %s, and does not quote it', (_, options) => {
    expect(() => resolve(options)).toThrow(TypeError);
    expect(() => resolve(options)).not.toThrow(/hush/);
  });
});
