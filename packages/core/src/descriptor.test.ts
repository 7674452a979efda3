import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAnnotations, parseDescriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';

const minimal = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: digestOf(new Uint8Array(0)),
  size: 0,
};

const complete = {
  ...minimal,
  urls: ['https://elsewhere.example/blob'],
  annotations: { 'org.opencontainers.image.title': 'empty' },
  data: '',
  platform: {
    architecture: 'arm',
    os: 'linux',
    'os.version': '6',
    'os.features': ['x'],
    variant: 'v7',
  },
  artifactType: 'application/vnd.example',
};

describe('parseDescriptor', () => {
  it.each([
    ['has what it must have', minimal],
    ['has all it can have', complete],
    ['has members that are not known', { ...minimal, 'org.example': { a: [1] } }],
    ['has a digest of an unknown algorithm', { ...minimal, digest: 'multihash+base58:Qm' }],
    ['has the largest exact size', { ...minimal, size: Number.MAX_SAFE_INTEGER }],
    ['has urls without members', { ...minimal, urls: [] }],
    ['has annotations without members', { ...minimal, annotations: {} }],
    [
      'has an annotation named __proto__',
      JSON.parse(`{"annotations":{"__proto__":"a"},${JSON.stringify(minimal).slice(1)}`),
    ],
    ['has a platform of empty names', { ...minimal, platform: { architecture: '', os: '' } }],
    ['has a platform with more', { ...minimal, platform: { ...complete.platform, libc: 1 } }],
    [
      'has null for all it may leave out, as Go writes it',
      {
        ...minimal,
        urls: null,
        annotations: null,
        data: null,
        platform: null,
        artifactType: null,
      },
    ],
  ])('gives back, as it is, what %s', (_name, value) => {
    const before = structuredClone(value);
    expect(parseDescriptor(value, 'config')).toBe(value);
    expect(value).toEqual(before);
  });

  const size = (value: unknown): object => ({ ...minimal, size: value });

  it.each<[name: string, value: unknown, member: string]>([
    ['undefined', undefined, 'mediaType'],
    ['null', null, 'mediaType'],
    ['text', 'sha256:abc', 'mediaType'],
    ['a list', [minimal], 'mediaType'],
    ['an empty object', {}, 'mediaType'],
    ['a media type that is a number', { ...minimal, mediaType: 1 }, 'mediaType'],
    ['an empty media type', { ...minimal, mediaType: '' }, 'mediaType'],
    ['a media type without a subtype', { ...minimal, mediaType: 'layer' }, 'mediaType'],
    ['a media type with parameters', { ...minimal, mediaType: 'a/b; c=d' }, 'mediaType'],
    ['no digest', { ...minimal, digest: undefined }, 'digest'],
    ['a digest that is a number', { ...minimal, digest: 1 }, 'digest'],
    ['a malformed digest', { ...minimal, digest: 'sha256:' }, 'digest'],
    ['an upper-case digest', { ...minimal, digest: `sha256:${'A'.repeat(64)}` }, 'digest'],
    ['no size', size(undefined), 'size'],
    ['a size that is null', size(null), 'size'],
    ['a size that is text', size('0'), 'size'],
    ['a negative size', size(-1), 'size'],
    ['a size with a fraction', size(1.5), 'size'],
    ['a size that is not exact', size(2 ** 53), 'size'],
    ['a size beyond int64', size(2 ** 64), 'size'],
    ['a size that is no number', size(Number.NaN), 'size'],
    ['an endless size', size(Number.POSITIVE_INFINITY), 'size'],
    ['urls that are text', { ...minimal, urls: 'https://a.example' }, 'urls'],
    ['urls with a number', { ...minimal, urls: ['https://a.example', 1] }, 'urls'],
    ['urls with null', { ...minimal, urls: [null] }, 'urls'],
    ['annotations that are a list', { ...minimal, annotations: [] }, 'annotations'],
    ['annotations with a number', { ...minimal, annotations: { a: 1 } }, 'annotations'],
    ['annotations with null', { ...minimal, annotations: { a: null } }, 'annotations'],
    ['data that is a number', { ...minimal, data: 1 }, 'data'],
    ['data that is a list', { ...minimal, data: [1] }, 'data'],
    ['a platform that is text', { ...minimal, platform: 'linux/arm' }, 'platform'],
    ['a platform that is a list', { ...minimal, platform: [] }, 'platform'],
    ['a platform without os', { ...minimal, platform: { architecture: 'arm' } }, 'platform'],
    ['a platform without architecture', { ...minimal, platform: { os: 'linux' } }, 'platform'],
    [
      'a platform whose os is null',
      { ...minimal, platform: { architecture: '', os: null } },
      'platform',
    ],
    ['an artifact type that is a number', { ...minimal, artifactType: 1 }, 'artifactType'],
  ])('refuses %s', (_name, value, member) => {
    expect(() => parseDescriptor(value, 'layers[2]')).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringMatching(new RegExp(`layers\\[2\\].*${member}`)),
        detail: { member: `layers[2].${member}` },
      }),
    );
  });

  it.each([['not a uri'], ['//host/path'], ['']])(
    'V-11 refuses urls that are no URIs: %j',
    (url) => {
      expect(() => parseDescriptor({ ...minimal, urls: [url] }, 'config')).toThrow(
        expect.objectContaining({ detail: { member: 'config.urls' } }),
      );
    },
  );

  it.each([['%%%'], ['e30'], ['e3 0=']])('V-12 refuses data that is not base64: %j', (data) => {
    expect(() => parseDescriptor({ ...minimal, data }, 'config')).toThrow(
      expect.objectContaining({ detail: { member: 'config.data' } }),
    );
  });

  it('refuses nothing but by RegistryError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parseDescriptor(value, 'config')).toThrow(
          expect.objectContaining({ code: 'MANIFEST_INVALID' }),
        );
      }),
    );
  });
});

describe('isAnnotations', () => {
  it('is true for an object of strings', () => {
    expect(isAnnotations({})).toBe(true);
    expect(isAnnotations({ a: '', '': 'b' })).toBe(true);
  });

  it.each([[undefined], [null], ['a'], [[]], [['a']], [{ a: 1 }], [{ a: undefined }]])(
    'is false for %j',
    (value) => {
      expect(isAnnotations(value)).toBe(false);
    },
  );
});
