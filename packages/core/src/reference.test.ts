import { describe, expect, it } from 'vitest';
import { digestOf } from './digest.ts';
import {
  familiarReference,
  formatReference,
  normalizeReference,
  parseReference,
  withDefaultTag,
} from './reference.ts';

const DIGEST = digestOf(new Uint8Array(0));
const HEX_64 = 'dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9c';

/** A reference as a table writes it: what is not named is undefined. */
function parts(expected: Record<string, string>): Record<string, string | undefined> {
  return { domain: undefined, tag: undefined, digest: undefined, ...expected };
}

describe('parseReference reads', () => {
  it.each<[text: string, expected: Record<string, string>]>([
    ['debian', { path: 'debian' }],
    ['debian:12', { path: 'debian', tag: '12' }],
    [`debian@${DIGEST}`, { path: 'debian', digest: DIGEST }],
    [`debian:12@${DIGEST}`, { path: 'debian', tag: '12', digest: DIGEST }],
    ['library/debian', { path: 'library/debian' }],
    ['a/b/c/d', { path: 'a/b/c/d' }],
    ['debian:UPPER_1.2-x', { path: 'debian', tag: 'UPPER_1.2-x' }],
    // A colon after the last slash begins a tag, even when it looks like a port.
    ['test.example:5000', { path: 'test.example', tag: '5000' }],
    ['foo_bar.com:8080', { path: 'foo_bar.com', tag: '8080' }],
    ['192.168.1.1', { path: '192.168.1.1' }],
    ['192.168.1.1:5000', { path: '192.168.1.1', tag: '5000' }],
    ['localhost', { path: 'localhost' }],
    // What stands before the first slash is a domain when it could be a host.
    ['localhost/a', { domain: 'localhost', path: 'a' }],
    ['localhost:5000/a:t', { domain: 'localhost:5000', path: 'a', tag: 't' }],
    ['test:5000/a/b', { domain: 'test:5000', path: 'a/b' }],
    ['registry.example/a', { domain: 'registry.example', path: 'a' }],
    ['192.168.1.1/a', { domain: '192.168.1.1', path: 'a' }],
    ['Uppercase/lowercase:tag', { domain: 'Uppercase', path: 'lowercase', tag: 'tag' }],
    ['xn--n3h.com/my:xn--n3h.com', { domain: 'xn--n3h.com', path: 'my', tag: 'xn--n3h.com' }],
    [
      'b.gcr.io/test.example.com/my-app:t',
      { domain: 'b.gcr.io', path: 'test.example.com/my-app', tag: 't' },
    ],
    ['a.b-c.d:080/x', { domain: 'a.b-c.d:080', path: 'x' }],
    ['[2001:db8::1]/a', { domain: '[2001:db8::1]', path: 'a' }],
    ['[2001:DB8::1]:5000/a/b:t', { domain: '[2001:DB8::1]:5000', path: 'a/b', tag: 't' }],
    [`[::1]:5000/a@${DIGEST}`, { domain: '[::1]:5000', path: 'a', digest: DIGEST }],
    [
      `registry.example:5000/a/b:t@${DIGEST}`,
      { domain: 'registry.example:5000', path: 'a/b', tag: 't', digest: DIGEST },
    ],
    // OCI's grammar of digests is wider than that of Docker's references.
    ['debian@multihash+base58:Qm', { path: 'debian', digest: 'multihash+base58:Qm' }],
    [HEX_64, { path: HEX_64 }],
    ['a'.repeat(255), { path: 'a'.repeat(255) }],
    [`registry.example/${'a'.repeat(255)}`, { domain: 'registry.example', path: 'a'.repeat(255) }],
    [
      `registry.example:5000/${'a/'.repeat(127)}a:${'t'.repeat(128)}@${DIGEST}`,
      {
        domain: 'registry.example:5000',
        path: `${'a/'.repeat(127)}a`,
        tag: 't'.repeat(128),
        digest: DIGEST,
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toEqual(parts(expected));
    expect(formatReference(parseReference(text))).toBe(text);
  });
});

describe('parseReference refuses', () => {
  it.each<[text: string, code: string]>([
    ['', 'NAME_INVALID'],
    ['/', 'NAME_INVALID'],
    ['/a', 'NAME_INVALID'],
    ['a/', 'NAME_INVALID'],
    ['a//b', 'NAME_INVALID'],
    [':tag', 'NAME_INVALID'],
    [`@${DIGEST}`, 'NAME_INVALID'],
    ['Debian', 'NAME_INVALID'],
    ['Debian:12', 'NAME_INVALID'],
    ['registry.example/Debian', 'NAME_INVALID'],
    ['a/Debian', 'NAME_INVALID'],
    ['registry.example/', 'NAME_INVALID'],
    ['registry.example:5000/', 'NAME_INVALID'],
    ['-foo/bar', 'NAME_INVALID'],
    ['foo-/bar', 'NAME_INVALID'],
    ['foo/-bar', 'NAME_INVALID'],
    ['_foo/bar', 'NAME_INVALID'],
    ['a..b', 'NAME_INVALID'],
    ['a___b', 'NAME_INVALID'],
    ['aa/asdf$$^/aa', 'NAME_INVALID'],
    ['.registry.example/a', 'NAME_INVALID'],
    ['registry.example./a', 'NAME_INVALID'],
    ['-registry.example/a', 'NAME_INVALID'],
    ['registry_.example/a', 'NAME_INVALID'],
    ['registry.example:/a', 'NAME_INVALID'],
    ['registry.example:port/a', 'NAME_INVALID'],
    ['registry.example:5000:6000/a', 'NAME_INVALID'],
    ['https://registry.example/a', 'NAME_INVALID'],
    ['user@registry.example/a', 'DIGEST_INVALID'],
    ['[::1/a', 'NAME_INVALID'],
    ['::1]/a', 'NAME_INVALID'],
    ['[]/a', 'NAME_INVALID'],
    ['[fe80::1%eth0]:5000/a', 'NAME_INVALID'],
    ['[::ffff:192.168.1.1]/a', 'NAME_INVALID'],
    ['[::1]5000/a', 'NAME_INVALID'],
    ['a:', 'MANIFEST_INVALID'],
    ['a:-t', 'MANIFEST_INVALID'],
    ['a:b:c', 'MANIFEST_INVALID'],
    ['a:t t', 'MANIFEST_INVALID'],
    [`a:${'t'.repeat(129)}`, 'MANIFEST_INVALID'],
    ['a@', 'DIGEST_INVALID'],
    ['a@sha256', 'DIGEST_INVALID'],
    ['a@sha256:ffffffffffffffffffffffffffffffff', 'DIGEST_INVALID'],
    [`a@${DIGEST.toUpperCase()}`, 'DIGEST_INVALID'],
    [`a@${DIGEST}@${DIGEST}`, 'DIGEST_INVALID'],
    [`a@${DIGEST}:t`, 'DIGEST_INVALID'],
    ['a\n', 'NAME_INVALID'],
    [' a', 'NAME_INVALID'],
    ['a'.repeat(256), 'NAME_INVALID'],
    [`${'a/'.repeat(128)}a:t`, 'NAME_INVALID'],
    [`registry.example/${'a'.repeat(256)}`, 'NAME_INVALID'],
    ['a'.repeat(1025), 'NAME_INVALID'],
  ])('%j with the code of the part that is wrong', (text, code) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code }));
    expect(() => normalizeReference(text)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['a..b/c', 'a.-b/c', 'a-.b/c', 'A-.b:5000/c'])(
    'a host with a component that begins or ends with no letter or digit: %s',
    (text) => {
      expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));
    },
  );

  it('an IPv6 host without a path', () => {
    expect(() => parseReference('[2001:db8::1]')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(?:NAME|MANIFEST)_INVALID$/) }),
    );
  });

  it('upper case with a hint', () => {
    expect(() => parseReference('Debian')).toThrow(/lower case/);
  });

  it('a long path with its bound', () => {
    expect(() => parseReference(`a/${'b'.repeat(254)}`)).toThrow(/255/);
  });

  it.each([
    ['letters', 'a'.repeat(100_000)],
    ['hosts', `${'a.'.repeat(50_000)}/a`],
    ['colons', ':'.repeat(100_000)],
    ['at signs', '@'.repeat(100_000)],
    ['brackets', `${'['.repeat(100_000)}/a`],
  ])('100 kB of %s within a second, repeating little of it', (_name, text) => {
    const start = performance.now();
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID', detail: { name: text.slice(0, 255) } }),
    );
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('normalizeReference', () => {
  it.each<[text: string, expected: Record<string, string>]>([
    ['debian', { domain: 'docker.io', path: 'library/debian' }],
    ['debian:12', { domain: 'docker.io', path: 'library/debian', tag: '12' }],
    ['library/debian', { domain: 'docker.io', path: 'library/debian' }],
    ['user/app', { domain: 'docker.io', path: 'user/app' }],
    ['docker.io/debian', { domain: 'docker.io', path: 'library/debian' }],
    ['docker.io/user/app', { domain: 'docker.io', path: 'user/app' }],
    ['index.docker.io/debian', { domain: 'docker.io', path: 'library/debian' }],
    ['index.docker.io/user/app:t', { domain: 'docker.io', path: 'user/app', tag: 't' }],
    ['registry.example/debian', { domain: 'registry.example', path: 'debian' }],
    ['localhost/debian', { domain: 'localhost', path: 'debian' }],
    ['localhost', { domain: 'docker.io', path: 'library/localhost' }],
    ['registry.example', { domain: 'docker.io', path: 'library/registry.example' }],
    [
      'registry.example:5000',
      { domain: 'docker.io', path: 'library/registry.example', tag: '5000' },
    ],
    ['Foo/bar', { domain: 'Foo', path: 'bar' }],
    [`${HEX_64}:t`, { domain: 'docker.io', path: `library/${HEX_64}`, tag: 't' }],
    [`user/${HEX_64}`, { domain: 'docker.io', path: `user/${HEX_64}` }],
    [HEX_64.slice(1), { domain: 'docker.io', path: `library/${HEX_64.slice(1)}` }],
    [
      `debian:12@${DIGEST}`,
      { domain: 'docker.io', path: 'library/debian', tag: '12', digest: DIGEST },
    ],
  ])('reads %s', (text, expected) => {
    expect(normalizeReference(text)).toEqual(parts(expected));
  });

  it('refuses 64 hex digits, which are an image id', () => {
    expect(() => normalizeReference(HEX_64)).toThrow(
      expect.objectContaining({
        code: 'NAME_INVALID',
        message: expect.stringContaining('image id'),
      }),
    );
  });

  it('holds the bound of the path with the prefix that it adds', () => {
    expect(normalizeReference('a'.repeat(247)).path).toHaveLength(255);
    expect(() => normalizeReference('a'.repeat(248))).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID' }),
    );
  });
});

describe('withDefaultTag', () => {
  it('adds latest to a bare name', () => {
    const reference = parseReference('registry.example/a');
    expect(withDefaultTag(reference)).toEqual({ ...reference, tag: 'latest' });
    expect(reference.tag).toBeUndefined();
  });

  it.each(['a:t', `a@${DIGEST}`, `a:t@${DIGEST}`])('leaves %s as it is', (text) => {
    expect(formatReference(withDefaultTag(parseReference(text)))).toBe(text);
  });
});

describe('familiarReference', () => {
  it.each([
    ['docker.io/library/debian', 'debian'],
    ['docker.io/library/debian:12', 'debian:12'],
    [`docker.io/library/debian@${DIGEST}`, `debian@${DIGEST}`],
    ['docker.io/user/app', 'user/app'],
    ['docker.io/library/nested/app', 'library/nested/app'],
    ['index.docker.io/debian', 'debian'],
    ['docker.io/library/localhost', 'localhost'],
    ['registry.example/library/debian', 'registry.example/library/debian'],
    ['localhost:5000/a:t', 'localhost:5000/a:t'],
  ])('writes %s as %s', (text, expected) => {
    expect(familiarReference(normalizeReference(text))).toBe(expected);
  });

  it.each(['docker.io/localhost/a', 'docker.io/a.b/c', `docker.io/library/${HEX_64}`])(
    'keeps what %s could not be read back without',
    (text) => {
      const reference = normalizeReference(text);
      expect(normalizeReference(familiarReference(reference))).toEqual(reference);
    },
  );
});
