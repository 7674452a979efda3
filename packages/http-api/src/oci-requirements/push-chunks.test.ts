import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { bytesOf, errorOf, headersOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST, finish, patch, rangeOf } from '../fixtures/upload-requests.ts';
import { RepositoryClient } from './fixtures/repository-client.ts';

const [FIRST, SECOND] = [CONTENT.subarray(0, 400), CONTENT.subarray(400)] as const;

/** An upload of which the first 400 bytes have come. */
async function serveBegunUpload() {
  const client = await RepositoryClient.serve();
  const location = await client.startUpload();
  await patch(location, FIRST, '0-399');
  return { client, location };
}

const OUT_OF_ORDER = [
  ['ahead', '401-500'],
  ['far ahead', '1000-1099'],
  ['back to 0', '0-99'],
  ['back to the last byte', '399-498'],
] as const;

const MALFORMED = [
  'bytes 400-499',
  'bytes 400-499/1000',
  '400-499/1000',
  '400-399',
  '400-',
  '-1',
  'x',
];

describe('Push a blob in chunks', () => {
  it.each(MALFORMED)('K-2 refuses the malformed Content-Range %j', async (range) => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    const content = SECOND.subarray(0, 100);
    for (const response of [
      await patch(location, content, range),
      await finish(location, { content, range }),
    ]) {
      expect(await errorOf(response)).toEqual({ status: 400, code: 'BLOB_UPLOAD_INVALID' });
    }
    expect(await rangeOf(location)).toBe('0-399');
  });

  it('K-2 refuses a chunk whose length is not that of its range, and keeps nothing of it', async () => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    for (const range of ['400-498', '400-500', '400-400']) {
      const response = await patch(location, SECOND.subarray(0, 100), range);
      expect(await errorOf(response)).toEqual({ status: 400, code: 'SIZE_INVALID' });
    }
    expect(await rangeOf(location)).toBe('0-399');
  });

  it.each([99, 101])(
    'K-2 refuses a stream of %i bytes for a range of 100, and can go on',
    async (length) => {
      const { client, location } = await serveBegunUpload();
      await using _ = client;
      const response = await fetch(location, {
        method: 'PATCH',
        body: ReadableStream.from([SECOND.subarray(0, 50), SECOND.subarray(50, length)]),
        headers: { 'Content-Range': '400-499' },
        duplex: 'half',
      });
      expect(await errorOf(response)).toEqual({ status: 400, code: 'SIZE_INVALID' });
      const [, end = ''] = (await rangeOf(location))?.split('-') ?? [];
      const rest = CONTENT.subarray(Number(end) + 1);
      expect((await finish(location, { content: rest })).status).toBe(201);
    },
  );

  it('K-3 tells with each chunk where the session is and how far the blob reaches', async () => {
    await using client = await RepositoryClient.serve();
    const location = await client.startUpload();
    const answers = [
      await patch(location, FIRST, '0-399'),
      await patch(location, SECOND.subarray(0, 100), '400-499'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers.map((answer) => headersOf(answer, 'location', 'range'))).toEqual([
      { location, range: '0-399' },
      { location, range: '0-499' },
    ]);
  });

  it.each(OUT_OF_ORDER)(
    'K-4 refuses a chunk %s, and the session is unharmed',
    async (_name, range) => {
      const { client, location } = await serveBegunUpload();
      await using _ = client;
      const response = await patch(location, SECOND.subarray(0, 100), range);
      expect(headersOf(response, 'location', 'range')).toEqual({ location, range: '0-399' });
      expect(await errorOf(response)).toEqual({ status: 416, code: 'BLOB_UPLOAD_INVALID' });
      expect(await rangeOf(location)).toBe('0-399');
      expect((await finish(location, { content: SECOND })).status).toBe(201);
    },
  );

  it.each(OUT_OF_ORDER)(
    'K-5 refuses a PUT with a chunk %s before it looks at the digest',
    async (_name, range) => {
      const { client, location } = await serveBegunUpload();
      await using _ = client;
      const content = SECOND.subarray(0, 100);
      for (const digest of [DIGEST, digestOf(content)]) {
        const response = await finish(location, { content, range, digest });
        expect(await errorOf(response)).toEqual({ status: 416, code: 'BLOB_UPLOAD_INVALID' });
        expect(await rangeOf(location)).toBe('0-399');
      }
      const last = { content: SECOND, range: '400-999' };
      expect((await finish(location, last)).status).toBe(201);
    },
  );

  it('K-6 says of a live session how far it has come, without a body', async () => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    for (const url of [location, `${location}?digest=${DIGEST}`]) {
      const response = await fetch(url);
      expect(response.status).toBe(204);
      expect(headersOf(response, 'location', 'range')).toEqual({ location, range: '0-399' });
      expect(await response.text()).toBe('');
    }
  });

  it('K-7 says 0-0 before any byte', async () => {
    await using client = await RepositoryClient.serve();
    expect(await rangeOf(await client.startUpload())).toBe('0-0');
  });

  it('K-8 takes the last chunk by PATCH or by PUT', async () => {
    await using client = await RepositoryClient.serve();
    for (const lastByPut of [false, true]) {
      const location = await client.startUpload();
      await patch(location, FIRST, '0-399');
      if (!lastByPut) await patch(location, SECOND, '400-999');
      const last = lastByPut ? { content: SECOND, range: '400-999' } : {};
      expect((await finish(location, last)).status).toBe(201);
    }
  });

  it('K-9 shows a blob only after the PUT with its digest', async () => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    await patch(location, SECOND, '400-999');
    expect((await client.get(`blobs/${DIGEST}`)).status).toBe(404);
    expect((await finish(location)).status).toBe(201);
    expect(await bytesOf(await client.get(`blobs/${DIGEST}`))).toEqual(CONTENT);
  });

  it('K-11 appends a PATCH without Content-Range', async () => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    const response = await patch(location, SECOND);
    expect(response.headers.get('range')).toBe('0-999');
    expect((await finish(location)).status).toBe(201);
  });

  it('K-12 makes the blob of no bytes by a PUT alone', async () => {
    await using client = await RepositoryClient.serve();
    const digest = digestOf(new Uint8Array());
    expect((await finish(await client.startUpload(), { digest })).status).toBe(201);
  });

  it.each([
    'never begun',
    'finished',
    'cancelled',
    'ended by a wrong digest',
    'of another repository',
  ])('K-13 does not know an upload %s', async (state) => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    const gone = {
      'never begun': () => client.url(`blobs/uploads/${randomUUID()}`),
      finished: () => finish(location, { content: SECOND }).then(() => location),
      cancelled: () => fetch(location, { method: 'DELETE' }).then(() => location),
      'ended by a wrong digest': () => finish(location).then(() => location),
      'of another repository': () => location.replace('/a/b/', '/a/c/'),
    };
    const url = await gone[state as keyof typeof gone]();
    for (const response of [
      await fetch(url),
      await patch(url, SECOND),
      await finish(url, { content: SECOND }),
      await fetch(url, { method: 'DELETE' }),
    ]) {
      expect(await errorOf(response)).toEqual({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' });
    }
  });

  it('K-14 lives on after a PUT whose digest is missing or malformed', async () => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    for (const digest of ['', 'sha256:00']) {
      const response = await finish(location, { content: SECOND, digest });
      expect(await errorOf(response)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
      expect(await rangeOf(location)).toBe('0-399');
    }
    expect((await finish(location, { content: SECOND })).status).toBe(201);
  });

  it('K-15 lets one of two chunks for the same place win', async () => {
    const { client, location } = await serveBegunUpload();
    await using _ = client;
    const answers = await Promise.all([
      patch(location, SECOND, '400-999'),
      patch(location, SECOND, '400-999'),
    ]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 416]);
    expect((await finish(location)).status).toBe(201);
  });
});
