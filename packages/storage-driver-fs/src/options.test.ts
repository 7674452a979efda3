import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from './options.ts';

describe('the options of the filesystem driver', () => {
  it('make the directory absolute and allow 100 operations at once', () => {
    expect(resolveOptions({ rootDirectory: 'data' })).toEqual({
      rootDirectory: resolve('data'),
      maxConcurrency: 100,
    });
  });

  it.each([
    [-1, 25],
    [0, 25],
    [24, 25],
    [25, 25],
    [1000, 1000],
  ])('allow, when %i operations are asked for, %i', (asked, allowed) => {
    const { maxConcurrency } = resolveOptions({ rootDirectory: '/data', maxConcurrency: asked });
    expect(maxConcurrency).toBe(allowed);
  });

  it.each([Number.NaN, 30.5, Number.POSITIVE_INFINITY])(
    'refuse a limit of %d',
    (maxConcurrency) => {
      expect(() => resolveOptions({ rootDirectory: '/data', maxConcurrency })).toThrow(TypeError);
    },
  );

  it.each(['', '/da\0ta'])('refuse the directory %j', (rootDirectory) => {
    expect(() => resolveOptions({ rootDirectory })).toThrow(TypeError);
  });
});
