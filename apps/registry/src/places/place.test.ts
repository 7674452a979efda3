import { describe, expect, it } from 'vitest';
import { parsePlace, registryIn, registryOf } from './place.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a place on the command line', () => {
  it.each([
    ['debian:12', { kind: 'registry', domain: 'docker.io', path: 'library/debian', tag: '12' }],
    ['docker://localhost:5000/a/b', { kind: 'registry', domain: 'localhost:5000', path: 'a/b' }],
    [
      'https://localhost:5000/a:1',
      { kind: 'registry', scheme: 'https', domain: 'localhost:5000', path: 'a', tag: '1' },
    ],
    ['http://r.example/a/b', { scheme: 'http', domain: 'r.example', path: 'a/b' }],
    [`r.example/a@${DIGEST}`, { kind: 'registry', domain: 'r.example', path: 'a', digest: DIGEST }],
    ['oci:image', { kind: 'directory', path: 'image', name: undefined }],
    ['oci:./some/image:1.0', { kind: 'directory', path: './some/image', name: '1.0' }],
    [
      'oci:image:docker.io/library/debian:12',
      { path: 'image', name: 'docker.io/library/debian:12' },
    ],
    [`oci:image@${DIGEST}`, { path: 'image', digest: DIGEST }],
    ['oci:me@home:1.0', { path: 'me@home', name: '1.0', digest: undefined }],
    ['oci:C:\\images\\a:1', { path: 'C:\\images\\a', name: '1' }],
    ['oci-archive:/tmp/image.tar:1.0', { kind: 'archive', path: '/tmp/image.tar', name: '1.0' }],
  ])('is read: %s', (text, place) => {
    expect(parsePlace(text)).toMatchObject({ text, ...place });
  });

  it.each(['', 'oci:', 'oci::1.0', 'oci:image:', 'a/UPPER', 'a/b:c:d'])(
    'is refused: %j',
    (text) => {
      expect(() => parsePlace(text)).toThrow(/malformed|invalid/);
    },
  );

  it.each([
    ['localhost:5000', 'localhost:5000'],
    ['localhost', 'localhost'],
    ['registry.example', 'registry.example'],
    ['[::1]:5000', '[::1]:5000'],
    ['my-host/', 'my-host'],
    ['debian', undefined],
    ['debian:12', undefined],
    ['localhost:5000/a', undefined],
    ['oci:my.image', undefined],
    ['oci-archive:image.tar', undefined],
  ])('names a registry alone, or not: %s', (text, domain) => {
    expect(registryIn(text)?.domain).toBe(domain);
  });

  it.each([
    ['https://localhost:5000', { scheme: 'https', domain: 'localhost:5000' }],
    ['http://my-host', { scheme: 'http', domain: 'my-host' }],
    ['https://registry.example/', { scheme: 'https', domain: 'registry.example' }],
    ['docker://registry.example', { scheme: undefined, domain: 'registry.example' }],
  ])('names a registry with its protocol: %s', (text, address) => {
    expect(registryIn(text)).toEqual(address);
  });

  it.each([
    ['', 'docker.io'],
    ['registry.example', 'registry.example'],
    ['localhost:5000', 'localhost:5000'],
    ['https://registry.example/', 'registry.example'],
    ['registry.example/team/app:1.0', 'registry.example'],
  ])('belongs to a registry: %j', (text, domain) => {
    expect(registryOf(text).domain).toBe(domain);
  });
});
