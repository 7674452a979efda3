import { setTimeout } from 'node:timers/promises';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { expect, it } from 'vitest';
import { collect } from '../fixtures/collect.ts';
import { failureOf } from '../fixtures/failure-of.ts';
import { ScriptedRegistry, type Exchange } from '../fixtures/scripted-registry.ts';

const content = Buffer.from(sampleBytes(300_000));
const digest = digestOf(content);
const etag = `"${digest}"`;

/** Answers a Range as a registry does; the bytes are cut after `most`, if that is less. */
function sendRange({ headers, response }: Exchange, most = Infinity): void {
  const [, start] = /^bytes=([0-9]+)-$/.exec(headers.range ?? 'bytes=0-') ?? [];
  const from = Number(start);
  response.writeHead(headers.range === undefined ? 200 : 206, {
    etag,
    'content-length': content.byteLength - from,
    ...(headers.range && {
      'content-range': `bytes ${from}-${content.byteLength - 1}/${content.byteLength}`,
    }),
  });
  const part = content.subarray(from, from + most);
  if (from + most >= content.byteLength) response.end(part);
  else response.write(part, () => void setTimeout(20).then(() => response.destroy()));
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await collect(stream));
}

it('goes on after a cut where the bytes ended, of the same content', async () => {
  await using registry = await ScriptedRegistry.listen((exchange) => sendRange(exchange, 120_000));
  const stream = await registry.repository().blobs.open(digest);
  expect(await read(stream)).toEqual(content);
  const asked = registry.received.map(({ headers }) => [headers.range, headers['if-range']]);
  expect(asked).toEqual([
    [undefined, undefined],
    ['bytes=120000-', etag],
    ['bytes=240000-', etag],
  ]);
});

it('opens a blob and tells its size in one request', async () => {
  await using registry = await ScriptedRegistry.listen((exchange) => sendRange(exchange));
  const found = await registry.repository().blobs.openDescribed(digest);
  expect(found.descriptor).toMatchObject({ digest, size: content.byteLength });
  expect(await read(found.content)).toEqual(content);
  expect(registry.received).toHaveLength(1);
});

it('asks for the size of a blob whose registry does not tell it with the bytes', async () => {
  await using registry = await ScriptedRegistry.listen(({ method, response }) => {
    if (method === 'HEAD') response.setHeader('content-length', content.byteLength).end();
    else response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(content);
  });
  const found = await registry.repository().blobs.openDescribed(digest);
  expect(found.descriptor.size).toBe(content.byteLength);
  expect(await read(found.content)).toEqual(content);
});

it('goes on after a cut at a registry without ranges', async () => {
  let isFirst = true;
  await using registry = await ScriptedRegistry.listen(({ response, answer }) => {
    if (!isFirst) return answer(200, {}, content);
    isFirst = false;
    response.writeHead(200, { 'content-length': content.byteLength });
    response.write(
      content.subarray(0, 100_000),
      () => void setTimeout(20).then(() => response.destroy()),
    );
  });
  expect(await read(await registry.repository().blobs.open(digest))).toEqual(content);
});

it('ends when cuts leave no progress, after a few requests', async () => {
  await using registry = await ScriptedRegistry.listen((exchange) => sendRange(exchange, 10));
  const stream = await registry.repository().blobs.open(digest);
  const error = await failureOf(read(stream));
  expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  expect(registry.received.length).toBeLessThan(20);
});

it('fails when the blob has another size after a cut', async () => {
  await using registry = await ScriptedRegistry.listen((exchange) => {
    if (exchange.headers.range === undefined) return sendRange(exchange, 1000);
    exchange.answer(206, { 'content-range': 'bytes 1000-1001/1002' }, 'xy');
  });
  expect(await failureOf(read(await registry.repository().blobs.open(digest)))).toMatchObject({
    code: 'RESPONSE_INVALID',
  });
});

it('gives no last chunk of content that the digest does not name', async () => {
  const wrong = Buffer.from(content);
  wrong[wrong.byteLength - 1]! ^= 1;
  await using registry = await ScriptedRegistry.listen(({ answer }) => answer(200, {}, wrong));
  const stream = await registry.repository().blobs.open(digest);
  let size = 0;
  const reading = (async () => {
    for await (const chunk of stream) size += (chunk as Buffer).byteLength;
  })();
  const error = await failureOf(reading);
  expect(error).toMatchObject({ code: 'DIGEST_INVALID', retryable: false });
  expect(size).toBeLessThan(wrong.byteLength);
  expect(registry.received).toHaveLength(1);
});

it('gives nothing at all of wrong content that comes in one chunk', async () => {
  await using registry = await ScriptedRegistry.listen(({ answer }) => answer(200, {}, 'wrong'));
  const stream = await registry.repository().blobs.open(digest);
  const chunks: unknown[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  await expect(new Promise((_, reject) => stream.on('error', reject))).rejects.toMatchObject({
    code: 'DIGEST_INVALID',
  });
  expect(chunks).toEqual([]);
});

it('ends a blob without end where its size is known', async () => {
  let isOpen = true;
  await using registry = await ScriptedRegistry.listen(async ({ response }) => {
    response.on('close', () => (isOpen = false));
    while (isOpen) {
      response.write(content);
      await setTimeout(1);
    }
  });
  const stream = await registry.repository().blobs.open(digest, { size: 1_000_000 });
  expect(await failureOf(read(stream))).toMatchObject({ code: 'SIZE_INVALID' });
  await expect.poll(() => isOpen).toBe(false);
});

it('ends a blob whose bytes do not come', async () => {
  await using registry = await ScriptedRegistry.listen(({ response }) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('x');
  });
  const { blobs } = registry.repository({ idleTimeoutMs: 50 });
  expect(await failureOf(read(await blobs.open(digest)))).toMatchObject({ code: 'UNAVAILABLE' });
}, 30_000);

it('tells of a cut before the first read to who reads', async () => {
  let cut = () => {};
  await using registry = await ScriptedRegistry.listen(({ response, answer }) => {
    if (registry.received.length > 1) return answer(200, {}, content);
    response.writeHead(200, { 'content-length': content.byteLength });
    response.write('x');
    cut = () => response.destroy();
  });
  const stream = await registry.repository().blobs.open(digest);
  cut();
  await setTimeout(50);
  expect(await read(stream)).toEqual(content);
});

it('lets go of the connection when the stream is destroyed before it is read', async () => {
  let isClosed = false;
  await using registry = await ScriptedRegistry.listen(({ response }) => {
    response.on('close', () => (isClosed = true));
    response.writeHead(200);
    response.write('x');
  });
  const stream = await registry.repository().blobs.open(digest);
  stream.destroy();
  await expect.poll(() => isClosed).toBe(true);
});

it('ends with the reason of the signal, also in the middle', async () => {
  await using registry = await ScriptedRegistry.listen(({ response }) => {
    response.writeHead(200);
    response.write(content.subarray(0, 1000));
  });
  const abort = new AbortController();
  const stream = await registry.repository().blobs.open(digest, { signal: abort.signal });
  const reason = new Error('enough');
  setImmediate(() => abort.abort(reason));
  await expect(read(stream)).rejects.toBe(reason);
});

it('reads a range of a registry that gives the whole blob instead', async () => {
  const headers = { 'content-length': String(content.byteLength) };
  await using registry = await ScriptedRegistry.listen(({ answer }) =>
    answer(200, headers, content),
  );
  const { blobs } = registry.repository();
  const part = await read(await blobs.open(digest, { range: { start: 1000, end: 250_000 } }));
  expect(part).toEqual(content.subarray(1000, 250_001));
  expect(await failureOf(blobs.open(digest, { range: { start: 0, end: 300_000 } }))).toMatchObject({
    code: 'RANGE_UNSATISFIABLE',
  });
});

it.each([
  ['other bytes', { 'content-range': 'bytes 0-4/300000' }],
  ['no place', {}],
  ['several parts', { 'content-type': 'multipart/byteranges; boundary=x' }],
])('refuses a range for which it gets %s', async (_, headers) => {
  await using registry = await ScriptedRegistry.listen(({ answer }) =>
    answer(206, headers, 'xxxxx'),
  );
  const range = { start: 5, end: 9 };
  expect(await failureOf(registry.repository().blobs.open(digest, { range }))).toMatchObject({
    code: 'RESPONSE_INVALID',
  });
});

it('tells where a blob lies, without fetching it, and only when it lies elsewhere', async () => {
  let location: string | undefined = 'https://bucket.example/signed?key=1';
  await using registry = await ScriptedRegistry.listen(({ answer }) =>
    location === undefined ? answer(206, {}, 'x') : answer(307, { location }),
  );
  const { blobs } = registry.repository();
  expect((await blobs.locate(digest, { method: 'GET' }))?.href).toBe(location);
  location = `http://${registry.host}/elsewhere`;
  expect(await blobs.locate(digest, { method: 'GET' })).toBeUndefined();
  location = undefined;
  expect(await blobs.locate(digest, { method: 'GET' })).toBeUndefined();
});

it('sends no credentials to the host that a registry redirects to', async () => {
  await using bucket = await ScriptedRegistry.listen(({ answer }) => answer(200, {}, content));
  await using registry = await ScriptedRegistry.listen(({ headers, answer }) =>
    headers.authorization === undefined
      ? answer(401, { 'www-authenticate': 'Basic realm="x"' })
      : answer(307, { location: `http://${bucket.host}/there` }),
  );
  const credentials = { credentials: async () => ({ username: 'ann', password: 'secret' }) };
  const { blobs } = registry.repository({ credentials });
  expect(await read(await blobs.open(digest))).toEqual(content);
  expect(registry.received.at(-1)?.headers.authorization).toMatch(/^Basic /);
  expect(bucket.received).toHaveLength(1);
  expect(JSON.stringify(bucket.received[0]!.headers)).not.toMatch(/authorization|secret|Basic/i);
});

it('does not know how long a blob is when the registry does not say', async () => {
  await using registry = await ScriptedRegistry.listen(({ answer }) => answer(200));
  expect(await failureOf(registry.repository().blobs.stat(digest))).toMatchObject({
    code: 'RESPONSE_INVALID',
  });
});

it('refuses a blob that the registry says is another', async () => {
  const other = digestOf(Buffer.from('other'));
  await using registry = await ScriptedRegistry.listen(({ answer }) =>
    answer(200, { 'docker-content-digest': other, 'content-length': '5' }),
  );
  expect(await failureOf(registry.repository().blobs.stat(digest))).toMatchObject({
    code: 'DIGEST_INVALID',
  });
});
