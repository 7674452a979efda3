import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '@purser/core';
import { attack, expectedOf, raw, type HostileRequest } from './fixtures/hostile-requests.ts';

const HEX = 'a'.repeat(64);
const LONG = 'a'.repeat(300);

type Row = readonly [name: string, target: string, status: number, code?: ErrorCode | 'parser'];

function pulls(rows: readonly Row[]): HostileRequest[] {
  return rows.map(([name, target, status, code]) => ({
    name,
    request: raw('GET', target),
    status,
    code,
  }));
}

const NAMES: readonly HostileRequest[] = [
  ...pulls([
    ['by a parent directory', '/v2/../manifests/latest', 400, 'NAME_INVALID'],
    ['by a parent directory within', '/v2/a/../b/manifests/latest', 400, 'NAME_INVALID'],
    ['by an encoded parent directory', '/v2/%2e%2e/manifests/latest', 400, 'NAME_INVALID'],
    ['by an encoded way up', '/v2/a%2F..%2F..%2Fetc/manifests/x', 400, 'NAME_INVALID'],
    ['by a double-encoded way up', '/v2/%252e%252e%252f/manifests/x', 400, 'NAME_INVALID'],
    ['by a single dot', '/v2/./manifests/latest', 400, 'NAME_INVALID'],
    ['by a hidden directory', '/v2/.git/manifests/latest', 400, 'NAME_INVALID'],
    ['by an empty part', '/v2/a//b/manifests/latest', 301],
    ['by an encoded empty part', '/v2/a%2F%2Fb/manifests/latest', 400, 'NAME_INVALID'],
    ['with a slash before it', '/v2//a/manifests/latest', 301],
    ['with a slash after it', '/v2/a//manifests/latest', 301],
    ['with an encoded slash after it', '/v2/a%2F/manifests/latest', 400, 'NAME_INVALID'],
    ['in upper case', '/v2/A/B/manifests/latest', 400, 'NAME_INVALID'],
    ['in mixed case', '/v2/library/Debian/manifests/latest', 400, 'NAME_INVALID'],
    ['with a NUL', '/v2/a%00b/manifests/latest', 400, 'NAME_INVALID'],
    ['with a NUL at its end', '/v2/a/b%00/manifests/latest', 400, 'NAME_INVALID'],
    ['with a line break', '/v2/a%0Ab/manifests/latest', 400, 'NAME_INVALID'],
    ['with a line break and a header', '/v2/a%0D%0AX:1/manifests/x', 400, 'NAME_INVALID'],
    ['with a backslash', '/v2/a\\b/manifests/latest', 400, 'NAME_INVALID'],
    ['with an encoded backslash', '/v2/a%5Cb/manifests/latest', 400, 'NAME_INVALID'],
    ['with a backslash before a fragment', '/v2/a\\b/manifests/latest#x', 400, 'NAME_INVALID'],
    ['with a space', '/v2/a%20b/manifests/latest', 400, 'NAME_INVALID'],
    ['with a plus', '/v2/a+b/manifests/latest', 400, 'NAME_INVALID'],
    ['with a colon', '/v2/a:b/manifests/latest', 400, 'NAME_INVALID'],
    ['with a percent sign', '/v2/a%25/manifests/latest', 400, 'NAME_INVALID'],
    ['with a separator at its start', '/v2/-a/manifests/latest', 400, 'NAME_INVALID'],
    ['with a separator at its end', '/v2/a_/manifests/latest', 400, 'NAME_INVALID'],
    ['with three underscores', '/v2/a___b/manifests/latest', 400, 'NAME_INVALID'],
    ['with two dots', '/v2/a..b/manifests/latest', 400, 'NAME_INVALID'],
    ['with letters of other scripts', '/v2/%D0%B0/manifests/latest', 400, 'NAME_INVALID'],
    ['with a letter that folds to ASCII', '/v2/%E2%84%AA/manifests/x', 400, 'NAME_INVALID'],
    ['with malformed encoding', '/v2/a%/manifests/latest', 400, 'NAME_INVALID'],
    ['with encoding that is no hex', '/v2/a%zz/manifests/latest', 400, 'NAME_INVALID'],
    ['with encoding that is no UTF-8', '/v2/a%FF/manifests/latest', 400, 'NAME_INVALID'],
    ['with overlong UTF-8', '/v2/a%C0%AF/manifests/latest', 400, 'NAME_INVALID'],
    ['of 256 characters', `/v2/${'a'.repeat(256)}/manifests/x`, 400, 'NAME_INVALID'],
    ['of 10,000 characters', `/v2/${'a'.repeat(10_000)}/manifests/x`, 400, 'NAME_INVALID'],
    ['of 4,000 parts', `/v2/${'a/'.repeat(4_000)}b_/tags/list`, 400, 'NAME_INVALID'],
    ['of 10,000 dashes', `/v2/a${'-'.repeat(10_000)}/tags/list`, 400, 'NAME_INVALID'],
    ['of the words of endpoints', `/v2${'/manifests/blobs'.repeat(500)}/x`, 400, 'NAME_INVALID'],
    ['like a prototype', '/v2/__proto__/tags/list', 400, 'NAME_INVALID'],
    ['like a constructor', '/v2/constructor/tags/list', 404, 'NAME_UNKNOWN'],
    ['not at all', '/v2//manifests/latest', 404, 'UNSUPPORTED'],
    ['and does not end', '/v2/a/manifests', 404, 'UNSUPPORTED'],
    ['and goes on', '/v2/a/tags/list/x', 404, 'UNSUPPORTED'],
    ['and is nothing but slashes', `/v2${'/'.repeat(5_000)}`, 301],
    ['and only goes up', '/v2/../../../../etc/passwd', 404, 'UNSUPPORTED'],
    ['and only goes up, encoded', '/v2/%2e%2e%2f%2e%2e%2fetc%2fpasswd', 404, 'UNSUPPORTED'],
    ['in another case', '/V2/a/tags/list', 404],
    ['and is too long for Node', `/v2/${'a'.repeat(20_000)}/tags/list`, 431, 'parser'],
    ['with a raw space', '/v2/a b/tags/list', 400, 'parser'],
    ['with raw bytes beyond ASCII', '/v2/\u00e9/tags/list', 400, 'parser'],
    ['with a raw control character', '/v2/a\x01/tags/list', 400, 'parser'],
  ]),
  ...(['DELETE', 'PUT', 'HEAD'] as const).map((method) => ({
    name: `by a way up, for ${method}`,
    request: raw(method, '/v2/a/../b/manifests/latest'),
    status: 400,
    code: method === 'HEAD' ? undefined : ('NAME_INVALID' as const),
  })),
  {
    name: 'by a way up, to begin an upload',
    request: raw('POST', '/v2/../blobs/uploads/'),
    status: 400,
    code: 'NAME_INVALID',
  },
  {
    name: 'in absolute-form with a hostile host',
    request: raw('GET', 'http://[/v2/a/tags/list'),
    status: 404,
    code: 'NAME_UNKNOWN',
  },
  {
    name: 'in absolute-form by a way up',
    request: raw('GET', 'http://x/v2/../tags/list'),
    status: 400,
    code: 'NAME_INVALID',
  },
  { name: 'without a path', request: raw('OPTIONS', '*'), status: 404 },
];

describe('hostile names: a path that names a repository', () => {
  it.each(NAMES)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

const DIGESTS: readonly HostileRequest[] = [
  ...pulls([
    ['of no hex', `/v2/a/b/blobs/sha256:${'g'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['of upper case', `/v2/a/b/blobs/sha256:${'A'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['that is too short', '/v2/a/b/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
    ['that is too long', `/v2/a/b/blobs/sha256:${HEX}a`, 400, 'DIGEST_INVALID'],
    ['of another length for sha512', `/v2/a/b/blobs/sha512:${HEX}`, 400, 'DIGEST_INVALID'],
    ['without an algorithm', `/v2/a/b/blobs/:${HEX}`, 400, 'DIGEST_INVALID'],
    ['without a colon', `/v2/a/b/blobs/${HEX}`, 400, 'DIGEST_INVALID'],
    ['with two colons', `/v2/a/b/blobs/sha256:sha256:${HEX}`, 400, 'DIGEST_INVALID'],
    ['that is no more than an algorithm', '/v2/a/b/blobs/sha256:', 400, 'DIGEST_INVALID'],
    ['of an unknown algorithm', `/v2/a/b/blobs/blake3:${HEX}`, 404, 'BLOB_UNKNOWN'],
    ['of an algorithm like a prototype', '/v2/a/b/blobs/__proto__:x', 400, 'DIGEST_INVALID'],
    ['of an algorithm like a constructor', '/v2/a/b/blobs/constructor:x', 404, 'BLOB_UNKNOWN'],
    ['that goes up', '/v2/a/b/blobs/sha256:..%2F..%2Fx', 404, 'UNSUPPORTED'],
    ['with a NUL', `/v2/a/b/blobs/sha256:${HEX}%00`, 400, 'DIGEST_INVALID'],
    ['with a line break at its end', `/v2/a/b/blobs/sha256:${HEX}%0A`, 400, 'DIGEST_INVALID'],
    ['of 10,000 characters', `/v2/a/b/blobs/x:${'a'.repeat(10_000)}`, 400, 'DIGEST_INVALID'],
    ['of a manifest that is malformed', '/v2/a/b/manifests/sha256:xyz', 400, 'DIGEST_INVALID'],
    ['of a manifest with nothing in it', '/v2/a/b/manifests/:', 400, 'DIGEST_INVALID'],
    ['of a manifest by an unknown algorithm', '/v2/a/b/manifests/x:y', 404, 'MANIFEST_UNKNOWN'],
  ]),
  ...['sha256:xyz', 'blake3:abc', '', '..%2F..', `sha256:${LONG}`, '%00', 'sha256:%E2%84%AA'].map(
    (digest): HostileRequest => ({
      name: `${digest.slice(0, 20)} to finish an upload by`,
      request: raw('PUT', `/v2/a/b/blobs/uploads/SESSION?digest=${digest}`, { body: 'content' }),
      status: 400,
      code: 'DIGEST_INVALID',
    }),
  ),
  ...['sha256:xyz', 'blake3:abc', '', '%00'].flatMap((digest): HostileRequest[] =>
    ['mount', 'digest'].map((parameter) => ({
      name: `${digest} to ${parameter} by`,
      request: raw('POST', `/v2/a/b/blobs/uploads/?${parameter}=${digest}&from=a/b`),
      status: 400,
      code: 'DIGEST_INVALID',
    })),
  ),
  {
    name: 'to mount from a repository that is none',
    request: raw('POST', `/v2/a/b/blobs/uploads/?mount=sha256:${HEX}&from=..%2F..%2Fetc`),
    status: 202,
    begins: true,
  },
];

describe('hostile names: a digest', () => {
  it.each(DIGESTS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

const TAGS: readonly HostileRequest[] = [
  ...pulls([
    ['that begins with a dash', '/v2/a/b/manifests/-x', 404, 'MANIFEST_UNKNOWN'],
    ['that is a directory', '/v2/a/b/manifests/..', 404, 'MANIFEST_UNKNOWN'],
    ['of 129 characters', `/v2/a/b/manifests/${'a'.repeat(129)}`, 404, 'MANIFEST_UNKNOWN'],
    ['of 10,000 characters', `/v2/a/b/manifests/${'a'.repeat(10_000)}`, 404, 'MANIFEST_UNKNOWN'],
    ['with a NUL', '/v2/a/b/manifests/a%00', 404, 'MANIFEST_UNKNOWN'],
    ['with a line break at its end', '/v2/a/b/manifests/latest%0A', 404, 'MANIFEST_UNKNOWN'],
    ['like a prototype', '/v2/a/b/manifests/__proto__', 404, 'MANIFEST_UNKNOWN'],
    ['with a slash', '/v2/a/b/manifests/x%2Fy', 404, 'UNSUPPORTED'],
  ]),
  ...['-x', '..', 'a'.repeat(129), 'a%00', 'a%0A', '%2B', 'a@b'].map((tag): HostileRequest => ({
    name: `${tag.slice(0, 20)} to push to`,
    request: raw('PUT', `/v2/a/b/manifests/${tag}`, { body: '{}' }),
    status: 400,
    code: 'MANIFEST_INVALID',
  })),
];

describe('hostile names: a tag', () => {
  it.each(TAGS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

const UPLOAD_IDS: readonly HostileRequest[] = [
  'x',
  '..',
  '%00',
  'x'.repeat(5_000),
  'SESSION%0A',
  'SESSIONx',
  '__proto__',
  `${HEX}`,
].flatMap((id): HostileRequest[] =>
  (['GET', 'PATCH', 'DELETE'] as const).map((method) => ({
    name: `${id.slice(0, 20)} for ${method}`,
    request: raw(method, `/v2/a/b/blobs/uploads/${id}`),
    status: 404,
    code: 'BLOB_UPLOAD_UNKNOWN',
  })),
);

describe('the id of an upload', () => {
  it.each(UPLOAD_IDS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});
