import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { describeBytes, sampleBytes } from '@purser/core/testing';
import {
  attack,
  expectedOf,
  raw,
  type HostileRequest,
  type RequestParts,
} from './fixtures/hostile-requests.ts';

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const SESSION = '/v2/a/b/blobs/uploads/SESSION';
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: IMAGE,
  config: describeBytes(sampleBytes(10, 2)),
  layers: [describeBytes(sampleBytes(2048))],
});

function push(parts: RequestParts, target = '/v2/a/b/manifests/evil'): string {
  return raw('PUT', target, { headers: [`Content-Type: ${IMAGE}`], ...parts });
}

const nested = (open: string, close: string) =>
  `{"schemaVersion":2,"mediaType":"${IMAGE}","x":${open.repeat(10_000)}1${close.repeat(10_000)}}`;

const DOCUMENTS: readonly (readonly [name: string, body: string])[] = [
  ['nothing', ' '],
  ['no JSON', '{'],
  ['JSON and more', `${MANIFEST}x`],
  ['two documents', MANIFEST + MANIFEST],
  ['a list', '[]'],
  ['null', 'null'],
  ['a number', '1e999999'],
  ['a text', '"x"'],
  ['lists nested 10,000 deep', nested('[', ']')],
  ['objects nested 10,000 deep', nested('{"x":', '}')],
  ['an unclosed nest', '['.repeat(100_000)],
  ['an unclosed string', `{"${'\\'.repeat(100_000)}`],
  ['a member named twice', MANIFEST.replace('{', '{"schemaVersion":2,')],
  ['a member named twice by escapes', MANIFEST.replace('{', '{"schema\\u0056ersion":2,')],
  ['another media type than it is sent as', MANIFEST.replace('image.manifest', 'image.index')],
  ['bytes that are no UTF-8', MANIFEST.replace('2048', '"\u00ff\u00fe"')],
  ['a byte order mark', `\u00ef\u00bb\u00bf${MANIFEST}`],
  ['a size below zero', MANIFEST.replace('"size":2048', '"size":-1')],
  ['a size beyond numbers', MANIFEST.replace('"size":2048', '"size":1e30')],
  ['a digest that goes up', MANIFEST.replace(/sha256:[0-9a-f]{64}/, 'sha256:../../etc')],
  ['no layers', MANIFEST.replace('"layers"', '"Layers"')],
];

const MANIFESTS: readonly HostileRequest[] = [
  ...DOCUMENTS.map(([name, body]): HostileRequest => ({
    name,
    request: push({ body }),
    status: 400,
    code: 'MANIFEST_INVALID',
  })),
  {
    name: '5 MiB',
    request: push({ body: ' '.repeat(5 * 1024 * 1024) }),
    status: 413,
    code: 'MANIFEST_INVALID',
  },
  {
    name: '5 MiB in chunks',
    request:
      `${push({ headers: [`Content-Type: ${IMAGE}`, 'Transfer-Encoding: chunked'] })}${'10000\r\n'.padEnd(65536 + 7, ' ')}\r\n`.concat(
        `10000\r\n${' '.repeat(65536)}\r\n`.repeat(80),
        '0\r\n\r\n',
      ),
    status: 413,
    code: 'MANIFEST_INVALID',
  },
  {
    name: 'blobs that are not there',
    request: push({ body: MANIFEST.replaceAll(/[0-9a-f]{64}/g, 'a'.repeat(64)) }),
    status: 400,
    code: 'MANIFEST_BLOB_UNKNOWN',
  },
  {
    name: 'another digest than its own',
    request: push({ body: MANIFEST }, `/v2/a/b/manifests/${digestOf(sampleBytes(3))}`),
    status: 400,
    code: 'DIGEST_INVALID',
  },
];

describe('deep documents: a manifest of', () => {
  it.each(MANIFESTS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

const TYPES: readonly (readonly [name: string, headers: readonly string[]])[] = [
  ['missing', []],
  ['empty', ['Content-Type:']],
  ['wrong', ['Content-Type: text/html']],
  ['a wildcard', ['Content-Type: */*']],
  ['JSON alone', ['Content-Type: application/json']],
  ['nothing but parameters', ['Content-Type: ; charset=utf-8']],
  ['malformed', ['Content-Type: application']],
  ['a list', [`Content-Type: text/html, ${IMAGE}`]],
  ['10,000 characters long', [`Content-Type: ${'a/'.repeat(5_000)}`]],
  ['like a prototype', ['Content-Type: __proto__/constructor']],
  ['a form', ['Content-Type: application/x-www-form-urlencoded']],
];

const TYPED_MANIFESTS: readonly HostileRequest[] = TYPES.map(([name, headers]) => ({
  name,
  request: push({ headers, body: MANIFEST }),
  status: 400,
  code: 'MANIFEST_INVALID',
}));

describe('a manifest whose content type is', () => {
  it.each(TYPED_MANIFESTS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

const short = (method: string, target: string) =>
  raw(method, target, { headers: [`Content-Type: ${IMAGE}`, 'Content-Length: 1000'] });

const LENGTHS: readonly HostileRequest[] = [
  ...[
    ['-1', 400],
    ['x', 400],
    ['1.5', 400],
    ['0x10', 400],
    ['1e3', 400],
    ['99999999999999999999999', 400],
    ['5, 5', 400],
    ['5\r\nContent-Length: 6', 400],
    ['5\r\nTransfer-Encoding: chunked', 400],
  ].map(([length, status]): HostileRequest => ({
    name: `of ${String(length).replaceAll(/\s+/g, ' ')}`,
    request: raw('PATCH', SESSION, { headers: [`Content-Length: ${length}`] }),
    status: Number(status),
    code: 'parser',
  })),
  ...['x', '-1', 'g', '10000000000000000000000', ' 5'].map((size): HostileRequest => ({
    name: `of a chunk: ${size}`,
    request: `${push({ headers: ['Transfer-Encoding: chunked'] })}${size}\r\nhello\r\n0\r\n\r\n`,
    status: 400,
    code: 'parser',
  })),
  {
    name: 'in an encoding that is none',
    request: raw('PATCH', SESSION, { headers: ['Transfer-Encoding: evil'] }),
    status: 400,
    code: 'parser',
  },
  {
    name: 'longer than a manifest, which breaks off',
    request: short('PUT', '/v2/a/b/manifests/evil'),
    status: 400,
    code: 'parser',
    end: true,
  },
  {
    name: 'longer than a blob, which breaks off before it begins',
    request: short('PATCH', SESSION),
    status: 400,
    code: 'parser',
    end: true,
  },
  {
    name: 'longer than the last chunk, which breaks off before it begins',
    request: short('PUT', `${SESSION}?digest=${digestOf(sampleBytes(3))}`),
    status: 400,
    code: 'parser',
    end: true,
  },
  {
    name: 'shorter than the body, whose rest is no request',
    request: `${push({ body: '{}' })}this is no request\r\n\r\n`,
    status: 400,
    code: 'parser',
  },
  {
    name: 'beyond the limit, announced alone',
    request: raw('PUT', '/v2/a/b/manifests/evil', {
      headers: ['Content-Length: 9007199254740991'],
    }),
    status: 413,
    code: 'MANIFEST_INVALID',
  },
  {
    name: 'to be waited for that is not wanted',
    request: push({ headers: ['Expect: 200-evil'], body: '{}' }),
    status: 417,
    code: 'parser',
  },
];

describe('a length', () => {
  it.each(LENGTHS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});
