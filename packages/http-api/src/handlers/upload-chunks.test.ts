import { describe, expect, it } from 'vitest';
import { errorOf, headersOf } from '../fixtures/answers.ts';
import { serve } from '../fixtures/serve.ts';
import { CONTENT, finish, patch, rangeOf, startUpload } from '../fixtures/upload-requests.ts';

describe('a chunk', () => {
  it.each(['0-99', '200-299', '399-498', '401-500'])(
    'out of order (%s after 400 bytes) is refused with where to go on, by PATCH and by PUT',
    async (range) => {
      await using server = await serve();
      const location = await startUpload(server);
      await patch(location, CONTENT.subarray(0, 400));
      const chunk = CONTENT.subarray(0, 100);
      const answers = [
        await patch(location, chunk, range),
        await finish(location, { content: chunk, range }),
      ];
      for (const answer of answers) {
        expect(headersOf(answer, 'location', 'range')).toEqual({ location, range: '0-399' });
        expect(await errorOf(answer)).toEqual({ status: 416, code: 'BLOB_UPLOAD_INVALID' });
      }
      expect(await rangeOf(location)).toBe('0-399');
      expect((await finish(location, { content: CONTENT.subarray(400) })).status).toBe(201);
    },
  );

  it.each(['bytes 0-99', 'bytes 0-99/100', '0-99/100', '99-0', '-99', '0-', 'x', '0-99,100-199'])(
    'with the malformed range %j is refused before it is read',
    async (range) => {
      await using server = await serve();
      const location = await startUpload(server);
      const chunk = CONTENT.subarray(0, 100);
      const invalid = { status: 400, code: 'BLOB_UPLOAD_INVALID' };
      expect(await errorOf(await patch(location, chunk, range))).toEqual(invalid);
      expect(await errorOf(await finish(location, { content: chunk, range }))).toEqual(invalid);
      expect(await rangeOf(location)).toBe('0-0');
    },
  );

  it('whose length is not that of its range is refused before it is read', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const invalid = { status: 400, code: 'SIZE_INVALID' };
    for (const range of ['0-98', '0-100', '0-0']) {
      const content = CONTENT.subarray(0, 100);
      expect(await errorOf(await patch(location, content, range))).toEqual(invalid);
      expect(await errorOf(await finish(location, { content, range }))).toEqual(invalid);
    }
    expect(await rangeOf(location)).toBe('0-0');
  });

  it('out of order is refused as such, also if its length is not that of its range', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const content = CONTENT.subarray(0, 100);
    for (const range of ['1-100', '50-98', '7-7']) {
      const refused = { status: 416, code: 'BLOB_UPLOAD_INVALID' };
      expect(await errorOf(await patch(location, content, range))).toEqual(refused);
      expect(await errorOf(await finish(location, { content, range }))).toEqual(refused);
    }
    expect(await rangeOf(location)).toBe('0-0');
  });

  it('that turns out longer than its range is refused, what is beyond dropped', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const response = await fetch(location, {
      method: 'PATCH',
      body: ReadableStream.from([CONTENT.subarray(0, 100), CONTENT.subarray(100, 200)]),
      headers: { 'Content-Range': '0-99' },
      duplex: 'half',
    });
    expect(await errorOf(response)).toEqual({ status: 400, code: 'SIZE_INVALID' });
    expect(await rangeOf(location)).toBe('0-99');
  });

  it('has exactly one winner when two begin at the same place', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const chunk = CONTENT.subarray(0, 100);
    const answers = await Promise.all([
      patch(location, chunk, '0-99'),
      patch(location, chunk, '0-99'),
    ]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 416]);
    expect(await rangeOf(location)).toBe('0-99');
  });
});
