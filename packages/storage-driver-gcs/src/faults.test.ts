import { buffer } from 'node:stream/consumers';
import { DriverError } from '@purser/storage-driver';
import { expect, it } from 'vitest';
import { bytesOf, writeFile, writePieces } from './fixtures/contents.ts';
import type { Fault, Saboteur } from './fixtures/service.ts';
import { describeWithService } from './fixtures/with-service.ts';

const KIBIBYTE = 1024;
const PATIENT = { maxAttempts: 20, baseDelayMs: 0 };
/** Long enough for the emulator to start. */
const WAITING = { maxAttempts: 100, baseDelayMs: 50, maxDelayMs: 100 };
const SIZE = 2 * 1024 * KIBIBYTE + 12_345;

/** Does the same to two of five requests, in an order that is the same each time, and has no period. */
function often(fault: Fault): Saboteur {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 < 0.4 ? fault : undefined;
  };
}

/** Does something to the first request of a kind. */
function once(pattern: RegExp, fault: Fault): Saboteur {
  let isDone = false;
  return (request) => {
    if (isDone || !pattern.test(request)) return undefined;
    isDone = true;
    return fault;
  };
}

/** What may happen to any request without harm. */
const STORMS: Readonly<Record<string, Saboteur>> = {
  'a storm of 503': often({ kind: 'answer', status: 503 }),
  'a storm of 429': often({ kind: 'answer', status: 429, headers: { 'retry-after': '0' } }),
  'an answer lost now and then': often({ kind: 'loseAnswer' }),
  'connections that break after 1 KiB of an answer': often({
    kind: 'cutAnswer',
    afterBytes: KIBIBYTE,
  }),
  'connections that break after 300 KiB of a request': often({
    kind: 'cutRequest',
    afterBytes: 300 * KIBIBYTE,
  }),
  'slow answers': often({ kind: 'delay', delayMs: 30 }),
};

describeWithService('in spite of', (test) => {
  for (const [name, sabotage] of Object.entries(STORMS)) {
    it(`${name}, files are written, moved, read and deleted`, async () => {
      test.service.sabotage = sabotage;
      const driver = test.createDriver({ retry: PATIENT });
      const content = bytesOf(SIZE);
      await writeFile(driver, '/uploads/data', content);
      await driver.move('/uploads/data', '/blobs/data');
      await driver.putContent('/links/link', Buffer.from('sha256:…'));
      expect(content.equals(await buffer(await driver.openReader('/blobs/data')))).toBe(true);
      expect((await driver.stat('/blobs/data'))?.size).toBe(SIZE);
      expect(Buffer.from(await driver.getContent('/links/link')).toString()).toBe('sha256:…');
      await driver.delete('/blobs');
      await driver.delete('/links/link');
      expect(await driver.stat('/blobs')).toBeUndefined();
    });

    it(`${name}, an upload is gone on with by others`, async () => {
      test.service.sabotage = sabotage;
      const content = bytesOf(SIZE);
      const part = 700_000;
      for (let start = 0; start < SIZE; start += part) {
        const driver = test.createDriver({ retry: PATIENT });
        await using writer = await driver.openWriter('/data', { append: true });
        expect(writer.size).toBe(start);
        await writePieces(writer, content.subarray(start, start + part));
      }
      const driver = test.createDriver({ retry: PATIENT });
      await using writer = await driver.openWriter('/data', { append: true });
      await writer.commit();
      expect(content.equals(await buffer(await driver.openReader('/data')))).toBe(true);
    });
  }

  it('a connection cut after every 100 KiB, a reader gives every byte once', async () => {
    const driver = test.createDriver();
    const content = bytesOf(SIZE);
    await writeFile(driver, '/data', content);
    test.service.sabotage = () => ({ kind: 'cutAnswer', afterBytes: 100 * KIBIBYTE });
    const found = await buffer(await driver.openReader('/data', { offset: 17 }));
    expect(content.subarray(17).equals(found)).toBe(true);
  });

  it('a copy that takes several steps, one of which fails, a move ends', async () => {
    const driver = test.createDriver();
    await driver.putContent('/file', Buffer.from('content'));
    const body = '{"done":false,"rewriteToken":"so far/="}';
    const faults: Fault[] = [
      { kind: 'answer', status: 200, body },
      { kind: 'answer', status: 503 },
    ];
    test.service.sabotage = (request) =>
      request.includes('/rewriteTo/') ? faults.shift() : undefined;
    test.service.requests.length = 0;
    await driver.move('/file', '/moved');
    const tokens = test.service.requests
      .filter((request) => request.includes('/rewriteTo/'))
      .map((request) => new URL(request.slice('POST '.length), 'http://a').searchParams)
      .map((query) => query.get('rewriteToken'));
    expect(tokens).toEqual([null, 'so far/=', 'so far/=']);
    expect(Buffer.from(await driver.getContent('/moved')).toString()).toBe('content');
    expect(await driver.stat('/file')).toBeUndefined();
  });

  it('a refusal for a rate, which has the status of missing permissions, a call succeeds', async () => {
    const driver = test.createDriver();
    const body = '{"error":{"code":403,"message":"User rate limit exceeded"}}';
    test.service.sabotage = once(/^POST /, { kind: 'answer', status: 403, body });
    await driver.putContent('/file', Buffer.from('content'));
    expect((await driver.stat('/file'))?.size).toBe(7);
  });

  it('the loss of the answer to a deletion, the deletion succeeds', async () => {
    const driver = test.createDriver();
    await driver.putContent('/file', Buffer.from('content'));
    test.service.sabotage = once(/^DELETE /, { kind: 'loseAnswer' });
    await driver.delete('/file');
    expect(await driver.stat('/file')).toBeUndefined();
  });

  it('the loss of the answer to the state of an upload, the upload is kept once', async () => {
    const driver = test.createDriver();
    const writer = await driver.openWriter('/data', { append: true });
    await writer.write(Buffer.from('hello'));
    test.service.sabotage = once(/uploadType=multipart/, { kind: 'loseAnswer' });
    await writer.close();
    expect((await driver.stat('/data'))?.size).toBe(5);
  });

  it('the loss of the answer to the last piece, the file is complete', async () => {
    const driver = test.createDriver();
    const content = bytesOf(SIZE);
    const isLast = (headers: Record<string, unknown>) =>
      String(headers['content-range']).endsWith(`/${SIZE}`);
    let isDone = false;
    test.service.sabotage = (_request, headers) => {
      if (isDone || !isLast(headers)) return undefined;
      isDone = true;
      return { kind: 'loseAnswer' };
    };
    await writeFile(driver, '/data', content);
    expect(isDone).toBe(true);
    expect(content.equals(Buffer.from(await driver.getContent('/data')))).toBe(true);
  });
});

describeWithService('when a fault does not pass', (test) => {
  const codeOf = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => undefined,
      (failure: unknown) => failure,
    );
    return DriverError.is(error) ? error.code : String(error);
  };

  for (const [status, code] of [
    [401, 'PERMISSION_DENIED'],
    [403, 'PERMISSION_DENIED'],
    [429, 'BUSY'],
    [500, 'UNAVAILABLE'],
    [503, 'BUSY'],
  ] as const) {
    it(`each call fails with ${code} for ${status}`, async () => {
      const driver = test.createDriver({ retry: { maxAttempts: 2, baseDelayMs: 0 } });
      test.service.sabotage = () => ({ kind: 'answer', status });
      const calls = [
        driver.getContent('/file'),
        driver.putContent('/file', Buffer.from('content')),
        driver.openReader('/file'),
        driver.openWriter('/file', { append: true }),
        driver.stat('/file'),
        driver.move('/file', '/other'),
        driver.delete('/file'),
        writeFile(driver, '/file', bytesOf(SIZE)),
        driver.list('/')[Symbol.asyncIterator]().next(),
        driver.walk('/')[Symbol.asyncIterator]().next(),
      ] as readonly Promise<unknown>[];
      expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => code));
    });
  }

  it('no answer in time is a failure that keeps its cause', async () => {
    const driver = test.createDriver({ requestTimeoutMs: 50, retry: { maxAttempts: 1 } });
    test.service.sabotage = () => ({ kind: 'delay', delayMs: 500 });
    await expect(driver.stat('/file')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: { code: 'ETIMEDOUT' },
    });
  });

  it('a bucket that is not there is no missing file', async () => {
    const driver = test.createDriver();
    const body = '{"error":{"code":404,"message":"The specified bucket does not exist."}}';
    test.service.sabotage = () => ({ kind: 'answer', status: 404, body });
    expect(await codeOf(driver.stat('/file'))).toBe('UNAVAILABLE');
    expect(await codeOf(driver.getContent('/file'))).toBe('UNAVAILABLE');
  });

  it('content that was changed on its way is not given', async () => {
    const driver = test.createDriver();
    await driver.putContent('/file', Buffer.from('content'));
    test.service.sabotage = () => ({ kind: 'corruptAnswer' });
    expect(await codeOf(driver.getContent('/file'))).toBe('FAILED');
    expect(await codeOf(buffer(await driver.openReader('/file')))).toBe('FAILED');
  });

  it('an upload keeps what arrived, and goes on later', async () => {
    const content = bytesOf(SIZE);
    const driver = test.createDriver({ retry: { maxAttempts: 2, baseDelayMs: 0 } });
    const writer = await driver.openWriter('/data', { append: true });
    await writePieces(writer, content.subarray(0, 600_000));
    test.service.sabotage = () => ({ kind: 'answer', status: 503 });
    expect(await codeOf(writePieces(writer, content.subarray(600_000)))).toBe('BUSY');
    test.service.sabotage = () => undefined;
    await writer.close();
    await using next = await driver.openWriter('/data', { append: true });
    expect(next.size).toBeGreaterThanOrEqual(524_288);
    expect((await driver.stat('/data'))?.size).toBe(next.size);
    await writePieces(next, content.subarray(next.size));
    await next.commit();
    expect(content.equals(Buffer.from(await driver.getContent('/data')))).toBe(true);
  });

  it('a copy that does not come to its end leaves the file where it was', async () => {
    const driver = test.createDriver();
    await driver.putContent('/file', Buffer.from('content'));
    test.service.sabotage = (request) =>
      request.includes('/rewriteTo/') ? { kind: 'answer', status: 200, body: '{}' } : undefined;
    expect(await codeOf(driver.move('/file', '/moved'))).toBe('FAILED');
    expect((await driver.stat('/file'))?.size).toBe(7);
  });

  it('a complete file that is damaged on its way is not appended to', async () => {
    const driver = test.createDriver();
    await driver.putContent('/file', Buffer.from('content'));
    await using writer = await driver.openWriter('/file', { append: true });
    test.service.sabotage = (request) =>
      request.includes('alt=media') ? { kind: 'corruptAnswer' } : undefined;
    expect(await codeOf(writer.write(Buffer.from('more')))).toBe('FAILED');
    await writer.cancel();
  });

  it('the rest of an upload that is damaged on its way is not gone on with', async () => {
    const driver = test.createDriver();
    const writer = await driver.openWriter('/data', { append: true });
    await writer.write(Buffer.from('content'));
    await writer.close();
    test.service.sabotage = (request) =>
      request.includes('alt=media') ? { kind: 'corruptAnswer' } : undefined;
    expect(await codeOf(driver.openWriter('/data', { append: true }))).toBe('FAILED');
  });

  it.each([404, 410])(
    'a session that ends with %i in the middle of a chunk says so',
    async (status) => {
      const driver = test.createDriver();
      const writer = await driver.openWriter('/data', { append: true });
      await writePieces(writer, bytesOf(600_000));
      let isCut = false;
      test.service.sabotage = (request) => {
        if (!request.includes('upload_id=')) return undefined;
        if (isCut) return { kind: 'answer', status };
        isCut = true;
        return { kind: 'cutRequest', afterBytes: 300 * KIBIBYTE };
      };
      const failure = writePieces(writer, bytesOf(600_000));
      await expect(failure).rejects.toMatchObject({ code: 'FAILED', cause: { status } });
      await expect(failure).rejects.toThrow(/session .* is gone/);
    },
  );

  it('an upload whose session is gone says so', async () => {
    const driver = test.createDriver();
    const writer = await driver.openWriter('/data', { append: true });
    await writePieces(writer, bytesOf(600_000));
    await writer.close();
    test.service.sessions.clear();
    await using next = await driver.openWriter('/data', { append: true });
    await expect(next.commit()).rejects.toThrow(/session .* is gone/);
  });
});

describeWithService(
  'when the emulator is killed and started again',
  (test) => {
    it('an upload in the middle goes on, and calls wait for it', async () => {
      const content = bytesOf(SIZE);
      const driver = test.createDriver({ retry: WAITING });
      const writer = await driver.openWriter('/data', { append: true });
      await writePieces(writer, content.subarray(0, 900_000));
      await test.emulator.kill();
      const [closed] = [writer.close(), await test.emulator.start()];
      await closed;
      await test.emulator.kill();
      const [next] = await Promise.all([
        driver.openWriter('/data', { append: true }),
        test.emulator.start(),
      ]);
      expect(next.size).toBe(900_000);
      await writePieces(next, content.subarray(900_000));
      await test.emulator.kill();
      await Promise.all([next.commit(), test.emulator.start()]);
      expect(content.equals(Buffer.from(await driver.getContent('/data')))).toBe(true);
    });

    it('what was put is still there', async () => {
      const driver = test.createDriver({ retry: WAITING });
      await driver.putContent('/file', Buffer.from('content'));
      await test.emulator.kill();
      const [content] = await Promise.all([driver.getContent('/file'), test.emulator.start()]);
      expect(Buffer.from(content).toString()).toBe('content');
    });
  },
  'filesystem',
);
