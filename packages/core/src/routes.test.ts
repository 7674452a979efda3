import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepositoryName } from './repository-name.ts';
import { routes, type RouteName } from './routes.ts';

const ROUTES = Object.entries(routes);

/** The first route that reads a path, as a router tries them, and its parameters. */
function match(path: string): [RouteName, unknown] | undefined {
  for (const [name, route] of ROUTES) {
    const parameters = route.parse(path);
    if (parameters !== undefined) return [name as RouteName, parameters];
  }
  return undefined;
}

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the routes', () => {
  it.each<[path: string, name: RouteName, parameters: object]>([
    ['/v2/', 'base', {}],
    ['/v2', 'base', {}],
    ['/v2/_catalog', 'catalog', {}],
    ['/v2/a/tags/list', 'tags', { name: 'a' }],
    ['/v2/a/b/c/tags/list', 'tags', { name: 'a/b/c' }],
    ['/v2/a/manifests/latest', 'manifest', { name: 'a', reference: 'latest' }],
    [`/v2/a/b/manifests/${DIGEST}`, 'manifest', { name: 'a/b', reference: DIGEST }],
    [`/v2/a/blobs/${DIGEST}`, 'blob', { name: 'a', digest: DIGEST }],
    ['/v2/a/blobs/uploads/', 'uploads', { name: 'a' }],
    ['/v2/a/blobs/uploads', 'uploads', { name: 'a' }],
    ['/v2/a/blobs/uploads/1-2', 'upload', { name: 'a', id: '1-2' }],
    // It is the end of a path that decides.
    ['/v2/a/manifests/tags/list', 'tags', { name: 'a/manifests' }],
    ['/v2/tags/list/tags/list', 'tags', { name: 'tags/list' }],
    ['/v2/a/tags/manifests/list', 'manifest', { name: 'a/tags', reference: 'list' }],
    [
      '/v2/a/manifests/manifests/manifests',
      'manifest',
      { name: 'a/manifests', reference: 'manifests' },
    ],
    [
      '/v2/a/blobs/uploads/manifests/uploads',
      'manifest',
      { name: 'a/blobs/uploads', reference: 'uploads' },
    ],
    [`/v2/a/blobs/uploads/blobs/${DIGEST}`, 'blob', { name: 'a/blobs/uploads', digest: DIGEST }],
    ['/v2/a/blobs/uploads/blobs/uploads/', 'uploads', { name: 'a/blobs/uploads' }],
    ['/v2/blobs/uploads/blobs/uploads/uploads', 'upload', { name: 'blobs/uploads', id: 'uploads' }],
    ['/v2/_catalog/tags/list', 'tags', { name: '_catalog' }],
    ['/v2/a/b/', 'repository', { name: 'a/b' }],
    // Parameters are for others to validate.
    ['/v2/A b/../é/tags/list', 'tags', { name: 'A b/../é' }],
    ['/v2/a/manifests/\n', 'manifest', { name: 'a', reference: '\n' }],
    ['/v2/a\n/manifests/b', 'manifest', { name: 'a\n', reference: 'b' }],
  ])('read %j as %s', (path, name, parameters) => {
    expect(match(path)).toEqual([name, parameters]);
  });

  it.each([
    '',
    '/',
    '/v1/',
    'v2/',
    '/v2/a',
    '/v2/tags/list',
    '/v2//tags/list',
    '/v2/a/tags',
    '/v2/a/tags/list\n',
    '/v2/manifests/latest',
    '/v2/a/manifests/b/c',
    '/v2/a/blobs/uploads//',
    '/v2/a/blobs/uploads/1/2',
    '/x/v2/a/tags/list',
  ])('do not read %j', (path) => {
    expect(match(path)).toBeUndefined();
  });

  it.each([
    '/v2/_catalog/',
    '/v2/a/tags/list/',
    '/v2/a/manifests/',
    '/v2/a/manifests/b/',
    '/v2/blobs/uploads/',
    '/v2/a/blobs/',
  ])('read %j as a repository only: it ends with a slash', (path) => {
    expect(match(path)).toEqual(['repository', { name: path.slice('/v2/'.length, -1) }]);
  });

  it('write each path as its pattern says', () => {
    expect(routes.base.format({})).toBe('/v2/');
    expect(routes.catalog.format({})).toBe('/v2/_catalog');
    expect(routes.tags.format({ name: 'a/b' })).toBe('/v2/a/b/tags/list');
    expect(routes.manifest.format({ name: 'a', reference: 't' })).toBe('/v2/a/manifests/t');
    expect(routes.uploads.format({ name: 'a' })).toBe('/v2/a/blobs/uploads/');
    expect(routes.upload.format({ name: 'a', id: '1' })).toBe('/v2/a/blobs/uploads/1');
    expect(routes.blob.format({ name: 'a', digest: DIGEST })).toBe(`/v2/a/blobs/${DIGEST}`);
  });

  it('put parameters in as they are, dollar signs included', () => {
    const parameters = { name: '$&/$1', reference: "$'$`" };
    expect(routes.manifest.parse(routes.manifest.format(parameters))).toEqual(parameters);
  });

  it('refuse 100 kB of their own words within a second', () => {
    const start = performance.now();
    for (const word of ['/manifests', '/blobs/uploads', '/tags/list', '/']) {
      expect(match(`/v2/a${word.repeat(100_000 / word.length)}//`)).toBeUndefined();
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

const word = fc.constantFrom(
  'blobs',
  'manifests',
  'tags',
  'uploads',
  'list',
  'referrers',
  'v2',
  'a',
  'b-1.c__d',
);
const name = fc
  .array(word, { minLength: 1, maxLength: 6 })
  .map((components) => parseRepositoryName(components.join('/')) as string);
const reference = fc.oneof(word, fc.constant(DIGEST));

describe('every path', () => {
  it.each<[RouteName, fc.Arbitrary<object>]>([
    ['tags', fc.record({ name })],
    ['manifest', fc.record({ name, reference })],
    ['uploads', fc.record({ name })],
    ['upload', fc.record({ name, id: fc.oneof(word, fc.uuid()) })],
    ['blob', fc.record({ name, digest: fc.constant(DIGEST) })],
  ])('of %s is read as what was written, and by no route before it', (route, parameters) => {
    fc.assert(
      fc.property(parameters, (written) => {
        // Each arbitrary has the parameters of the route in its row.
        const path = routes[route].format(written as never);
        expect(match(path)).toEqual([route, written]);
        expect(new URL(path, 'http://registry.example').pathname).toBe(path);
      }),
      { numRuns: 500 },
    );
  });
});
