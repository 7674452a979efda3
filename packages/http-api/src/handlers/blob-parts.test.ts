import { describe, expect, it } from 'vitest';
import { digestOf, type ByteRange } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { bytesOf } from '../fixtures/answers.ts';
import { serve } from '../fixtures/serve.ts';
import { withBlobs } from '../fixtures/with-blobs.ts';

const CONTENT = Buffer.from(sampleBytes(300_000));
const DIGEST = digestOf(CONTENT);

interface Part {
  readonly type: string | undefined;
  readonly range: string | undefined;
  readonly content: Buffer;
}

/** Parses a multipart body by the lengths that its parts name, so that content with a boundary in it would be found. */
function partsOf(body: Buffer, contentType: string): readonly Part[] {
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(contentType)![1]!;
  const parts: Part[] = [];
  let rest = body;
  let delimiter = `--${boundary}\r\n`;
  while (rest.toString('latin1', 0, delimiter.length) === delimiter) {
    const end = rest.indexOf('\r\n\r\n') + 4;
    const head = rest.toString('latin1', delimiter.length, end);
    const range = /^Content-Range: (.+?)\r\n/m.exec(head)?.[1];
    const [first, last] = /(\d+)-(\d+)/.exec(range!)!.slice(1).map(Number);
    const content = rest.subarray(end, end + last! - first! + 1);
    parts.push({ type: /^Content-Type: (.+?)\r\n/m.exec(head)?.[1], range, content });
    rest = rest.subarray(end + content.length);
    delimiter = `\r\n--${boundary}\r\n`;
  }
  expect(rest.toString('latin1')).toBe(`\r\n--${boundary}--\r\n`);
  return parts;
}

/** Serves a blob and counts how often it is opened, and which ranges. */
async function serveBlob() {
  const opened: (ByteRange | undefined)[] = [];
  const lent: (boolean | undefined)[] = [];
  const server = await serve({
    decorate: (repository) =>
      withBlobs(repository, {
        open: (digest, options) => {
          opened.push(options?.range);
          lent.push(options?.lend);
          return repository.blobs.open(digest, options);
        },
      }),
  });
  await server.repository('a/b').blobs.put(CONTENT);
  const url = `${server.url}/v2/a/b/blobs/${DIGEST}`;
  return {
    opened,
    lent,
    get: (range: string) => fetch(url, { headers: { Range: range } }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe('a request for several ranges of a blob', () => {
  it('borrows the memory of every part', async () => {
    await using blob = await serveBlob();
    const response = await blob.get('bytes=0-9,200000-200009');
    expect(partsOf(await bytesOf(response), response.headers.get('content-type')!)).toHaveLength(2);
    expect(blob.lent).toEqual([true, true]);
  });

  it.each([
    [
      'in order',
      '0-9,200-299,100000-100009,299990-',
      ['0-9', '200-299', '100000-100009', '299990-299999'],
    ],
    ['out of order', '1000-1009,0-9,500-', ['1000-1009', '0-9', '500-299999']],
    ['that overlap', '0-99,50-149,50-149', ['0-99', '50-149', '50-149']],
    ['that touch', '0-99,100-199', ['0-99', '100-199']],
    ['with a suffix', '-10,0-0', ['299990-299999', '0-0']],
    ['that reach beyond the end', '0-0,299999-400000', ['0-0', '299999-299999']],
  ])('gives one part for each, %s', async (_, ranges, expected) => {
    await using blob = await serveBlob();
    const response = await blob.get(`bytes=${ranges}`);
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBeNull();
    const body = await bytesOf(response);
    expect(response.headers.get('content-length')).toBe(String(body.length));
    expect(partsOf(body, response.headers.get('content-type')!)).toEqual(
      expected.map((range) => {
        const [start, end] = range.split('-').map(Number);
        return {
          type: 'application/octet-stream',
          range: `bytes ${range}/300000`,
          content: CONTENT.subarray(start, end! + 1),
        };
      }),
    );
  });

  it('gives the only range that can be satisfied as a single one', async () => {
    await using blob = await serveBlob();
    const response = await blob.get('bytes=300000-,10-19,400000-500000');
    expect([response.status, response.headers.get('content-range')]).toEqual([
      206,
      'bytes 10-19/300000',
    ]);
    expect(await bytesOf(response)).toEqual(CONTENT.subarray(10, 20));
  });

  it('gives the whole blob if the ranges sum to more than it', async () => {
    await using blob = await serveBlob();
    const response = await blob.get('bytes=0-299999,0-0');
    expect(response.status).toBe(200);
    expect(await bytesOf(response)).toEqual(CONTENT);
  });

  it('opens near ranges once, so that many small ones cost one read', async () => {
    await using blob = await serveBlob();
    const ranges = Array.from({ length: 500 }, (_, index) => `${index * 200}-${index * 200 + 9}`);
    const response = await blob.get(`bytes=${ranges.join(',')}`);
    expect(partsOf(await bytesOf(response), response.headers.get('content-type')!)).toHaveLength(
      500,
    );
    expect(blob.opened).toEqual([{ start: 0, end: 499 * 200 + 9 }]);
  });

  it('opens ranges that are far apart one by one, and reads nothing between them', async () => {
    await using blob = await serveBlob();
    await bytesOf(await blob.get('bytes=0-9,100000-100009'));
    expect(blob.opened).toEqual([
      { start: 0, end: 9 },
      { start: 100_000, end: 100_009 },
    ]);
  });

  it('is a 404 without the headers of content if the blob is missing', async () => {
    await using server = await serve();
    const response = await fetch(`${server.url}/v2/a/b/blobs/${DIGEST}`, {
      headers: { Range: 'bytes=0-1,5-6' },
    });
    expect([response.status, response.headers.get('accept-ranges')]).toEqual([404, null]);
  });
});
