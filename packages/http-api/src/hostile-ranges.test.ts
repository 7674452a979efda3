import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { attack, expectedOf, raw, type HostileRequest } from './fixtures/hostile-requests.ts';

const BLOB = `/v2/a/b/blobs/${digestOf(sampleBytes(2048))}`;
const UPLOAD = '/v2/a/b/blobs/uploads/SESSION';

const RANGES: readonly (readonly [range: string, status: number])[] = [
  ['bytes=5-1', 416],
  ['bytes=2048-', 416],
  ['bytes=99999999999999999999-', 416],
  ['bytes=-0', 416],
  ['bytes=-', 416],
  ['bytes=a-b', 416],
  ['bytes=1.5-2', 416],
  ['bytes=--1', 416],
  ['bytes=1', 416],
  ['bytes=', 416],
  ['bytes=0-1,5-4', 416],
  ['bytes=2048-,4096-', 416],
  ['bytes=0-1,x', 416],
  ['bytes=0x1-0x2', 416],
  ['bytes=0-99999999999999999999', 206],
  ['bytes=-99999999999999999999', 206],
  ['bytes=0-1,0-1', 206],
  ['bytes=0-100,50-150,100-200', 206],
  ['bytes=0-2000,0-2000', 200],
  ['bytes=0-1,4096-', 206],
  ['bytes=,0-1,', 206],
  [`bytes=${Array.from({ length: 1_000 }, (_, index) => `${index}-${index}`).join(',')}`, 206],
  [`bytes=${Array.from({ length: 1_025 }, (_, index) => `${index}-${index}`).join(',')}`, 200],
  [`bytes=${','.repeat(5_000)}`, 200],
  [`bytes=${','.repeat(50)}`, 416],
  ['lines=1-2', 200],
  ['x'.repeat(5_000), 200],
];

const REQUESTS: readonly HostileRequest[] = [
  ...RANGES.map(([range, status]): HostileRequest => ({
    name: range.slice(0, 40),
    request: raw('GET', BLOB, { headers: [`Range: ${range}`] }),
    status,
    code: status === 416 ? 'UNSUPPORTED' : undefined,
  })),
  ...[
    'bytes 0-6',
    'bytes 0-6/7',
    '0-6/*',
    '6-0',
    '-6',
    '0-',
    '-',
    'a-b',
    '0.0-6',
    ' ',
    '0-6,0-6',
  ].map((range): HostileRequest => ({
    name: `of content: ${range}`,
    request: raw('PATCH', UPLOAD, {
      headers: [`Content-Range: ${range}`],
      body: 'content',
    }),
    status: 400,
    code: 'BLOB_UPLOAD_INVALID',
  })),
  ...['0-5', '0-7', '0-9007199254740991'].map((range): HostileRequest => ({
    name: `of content that has another length: ${range}`,
    request: raw('PATCH', UPLOAD, {
      headers: [`Content-Range: ${range}`],
      body: 'content',
    }),
    status: 400,
    code: 'SIZE_INVALID',
  })),
  ...['1-7', '9007199254740985-9007199254740991'].map((range): HostileRequest => ({
    name: `of content out of order: ${range}`,
    request: raw('PATCH', UPLOAD, {
      headers: [`Content-Range: ${range}`],
      body: 'content',
    }),
    status: 416,
    code: 'BLOB_UPLOAD_INVALID',
  })),
  {
    name: 'of content beyond what a number can hold',
    request: raw('PATCH', UPLOAD, {
      headers: ['Content-Range: 9007199254740993-9007199254740999'],
      body: 'content',
    }),
    status: 400,
    code: 'BLOB_UPLOAD_INVALID',
  },
  {
    name: 'of content given twice',
    request: raw('PATCH', UPLOAD, {
      headers: ['Content-Range: 0-6', 'Content-Range: 0-6'],
      body: 'content',
    }),
    status: 400,
    code: 'BLOB_UPLOAD_INVALID',
  },
];

describe('a range', () => {
  it.each(REQUESTS)('$name', async (hostile) => {
    expect(await attack(hostile)).toEqual(expectedOf(hostile));
  });
});
