import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { attack, expectedOf, raw, type HostileRequest } from './fixtures/hostile-requests.ts';

const BLOB = `/v2/a/b/blobs/${digestOf(sampleBytes(2048))}`;
const UPLOADS = '/v2/a/b/blobs/uploads/';

const COUNTS: readonly HostileRequest[] = [
  ...[
    '-1',
    'x',
    '1.5',
    '1e9',
    '0x1',
    'NaN',
    'Infinity',
    '%00',
    '1%0A',
    '%2B1',
    `${'9'.repeat(300)}x`,
  ].flatMap((n): HostileRequest[] =>
    ['/v2/_catalog', '/v2/a/b/tags/list'].map((path) => ({
      name: `n=${n.slice(0, 20)} in ${path}`,
      request: raw('GET', `${path}?n=${n}`),
      status: 400,
      code: 'UNSUPPORTED',
    })),
  ),
  ...['1001', '2147483648', '9007199254740993', '9'.repeat(400)].flatMap((n): HostileRequest[] => [
    {
      name: `n=${n.slice(0, 20)} in the catalog`,
      request: raw('GET', `/v2/_catalog?n=${n}`),
      status: 400,
      code: 'UNSUPPORTED',
    },
    {
      name: `n=${n.slice(0, 20)} of tags`,
      request: raw('GET', `/v2/a/b/tags/list?n=${n}`),
      status: 200,
    },
  ]),
  {
    name: 'n given twice',
    request: raw('GET', '/v2/_catalog?n=1&n=-1'),
    status: 200,
  },
  {
    name: '1,500 parameters',
    request: raw('GET', `/v2/_catalog?${'x=1&'.repeat(1_500)}n=1`),
    status: 200,
  },
  {
    name: 'a start with line breaks, which must not reach the link',
    request: raw('GET', '/v2/a/b/tags/list?last=%0D%0AX-Evil:1&n=0'),
    status: 200,
  },
  {
    name: 'parameters like a prototype',
    request: raw('GET', '/v2/_catalog?__proto__=1&constructor=2&n=1'),
    status: 200,
  },
  {
    name: 'parameters with malformed encoding',
    request: raw('GET', '/v2/_catalog?last=%&n=1'),
    status: 200,
  },
];

describe('CVE-2023-2253: a count of entries', () => {
  it.each(COUNTS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

/** Begins an upload, whose `Location` is where a hostile host would show. */
function begin(name: string, headers: readonly string[], host = 'x'): HostileRequest {
  return {
    name,
    request: raw('POST', UPLOADS, { headers }),
    status: 202,
    begins: true,
    location: `http://${host}${UPLOADS}ID`,
  };
}

const HOSTS: readonly HostileRequest[] = [
  begin('forwarded with a path', ['X-Forwarded-Host: evil.example/x']),
  begin('forwarded with credentials', ['X-Forwarded-Host: user:password@evil.example']),
  begin('forwarded with a query', ['X-Forwarded-Host: evil.example?x']),
  begin('forwarded with spaces', ['X-Forwarded-Host: a b']),
  begin('forwarded with markup', ['X-Forwarded-Host: <script>']),
  begin('forwarded with quotes', ['X-Forwarded-Host: "><']),
  begin('forwarded with bytes beyond ASCII', ['X-Forwarded-Host: \u00e9\u00ff']),
  begin('forwarded with an encoded line break', ['X-Forwarded-Host: a%0D%0AX-Evil:1']),
  begin('forwarded empty', ['X-Forwarded-Host:']),
  begin('forwarded as a list that begins empty', ['X-Forwarded-Host: ,evil.example']),
  begin('forwarded with a port that is none', ['X-Forwarded-Host: a:99999999']),
  begin('forwarded as 10,000 characters', [`X-Forwarded-Host: ${'a'.repeat(10_000)}`]),
  begin('forwarded with a scheme that is none', ['X-Forwarded-Proto: javascript']),
  begin('forwarded with a scheme and more', ['X-Forwarded-Proto: https://evil.example/']),
  begin('forwarded twice: the first counts', ['X-Forwarded-Host: a', 'X-Forwarded-Host: b'], 'a'),
  begin('in Forwarded with a quoted path', ['Forwarded: host="evil.example/x"']),
  begin('in Forwarded with an escaped line break', ['Forwarded: host="a\\\u0085b"']),
  begin('in Forwarded that never ends', ['Forwarded: host="evil.example']),
  begin('in Forwarded of escapes', [`Forwarded: host="${'\\"'.repeat(4_000)}"`]),
  begin('in Forwarded of 3,000 pairs', [`Forwarded: ${'a=b;'.repeat(3_000)}host=a`], 'a'),
  begin('in Forwarded like a prototype', ['Forwarded: __proto__=x;constructor=y']),
  {
    name: 'with spaces in Host itself: the location is a path',
    request: raw('POST', UPLOADS).replace('Host: x', 'Host: a b'),
    status: 202,
    begins: true,
    location: `${UPLOADS}ID`,
  },
  {
    name: 'given twice',
    request: raw('POST', UPLOADS).replace('Host: x', 'Host: x\r\nhOST: y'),
    status: 400,
    code: 'UNSUPPORTED',
  },
  {
    name: 'that is missing',
    request: 'GET /v2/ HTTP/1.1\r\n\r\n',
    status: 400,
    code: 'parser',
  },
  {
    name: 'that is missing in HTTP/1.0: the location is a path',
    request: `POST ${UPLOADS} HTTP/1.0\r\n\r\n`,
    status: 202,
    begins: true,
    location: `${UPLOADS}ID`,
  },
];

describe('header injection: a host', () => {
  it.each(HOSTS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

const BROKEN_LINES = [
  ['a bare line feed', 'a\nX-Evil: 1'],
  ['a bare carriage return', 'a\rX-Evil: 1'],
  ['a folded line', 'a\r\n X-Evil: 1'],
  ['a NUL', 'a\0b'],
] as const;

const BROKEN_HEADERS: readonly HostileRequest[] = [
  ...['X-Forwarded-Host', 'Forwarded', 'Range', 'If-None-Match', 'Content-Type'].flatMap((header) =>
    BROKEN_LINES.filter(([name]) => name !== 'a folded line').map(
      ([name, value]): HostileRequest => ({
        name: `${name} in ${header}`,
        request: raw('GET', BLOB, { headers: [`${header}: ${value}`] }),
        status: 400,
        code: 'parser',
      }),
    ),
  ),
  {
    name: 'a folded line in X-Forwarded-Host',
    request: raw('GET', BLOB, { headers: ['X-Forwarded-Host: a\r\n b'] }),
    status: 400,
    code: 'parser',
  },
  {
    name: 'a name with a space',
    request: raw('GET', '/v2/', { headers: ['X Evil: 1'] }),
    status: 400,
    code: 'parser',
  },
  {
    name: 'a space before the colon',
    request: raw('GET', '/v2/', { headers: ['X-Evil : 1'] }),
    status: 400,
    code: 'parser',
  },
  {
    name: 'headers of 20,000 characters',
    request: raw('GET', '/v2/', { headers: [`X-Evil: ${'a'.repeat(20_000)}`] }),
    status: 431,
    code: 'parser',
  },
  {
    name: 'a method that is none',
    request: raw('EVIL', '/v2/'),
    status: 400,
    code: 'parser',
  },
  {
    name: 'a method in lower case',
    request: raw('get', '/v2/'),
    status: 400,
    code: 'parser',
  },
  {
    name: 'TRACE, which must not echo',
    request: raw('TRACE', '/v2/', { headers: ['Cookie: x-evil'] }),
    status: 405,
    code: 'UNSUPPORTED',
  },
];

describe('header injection: a header with a line break', () => {
  it.each(BROKEN_HEADERS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});

const CONDITIONS: readonly HostileRequest[] = [
  ...['"', '""', ',', '*,*', 'W/', '\u00ff', `"${'x'.repeat(10_000)}"`, '"a,'.repeat(3_000)].map(
    (value): HostileRequest => ({
      name: `If-None-Match: ${value.slice(0, 20)}`,
      request: raw('GET', BLOB, { headers: [`If-None-Match: ${value}`] }),
      status: value === '*,*' ? 304 : 200,
    }),
  ),
  ...['"', '', ',', 'W/*'].map((value): HostileRequest => ({
    name: `If-Match: ${value}`,
    request: raw('GET', BLOB, { headers: [`If-Match: ${value}`] }),
    status: 412,
    code: 'UNSUPPORTED',
  })),
  {
    name: 'If-Range: a date',
    request: raw('GET', BLOB, {
      headers: ['Range: bytes=0-1', 'If-Range: Wed, 21 Oct 2015 07:28:00 GMT'],
    }),
    status: 200,
  },
];

describe('a condition', () => {
  it.each(CONDITIONS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});
