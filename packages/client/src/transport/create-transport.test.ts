import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { startRawServer } from '../fixtures/raw-server.ts';
import { startServer } from '../fixtures/recording-server.ts';
import { createTransport } from './create-transport.ts';
import type { TransportReport } from './observer.ts';
import type { TransportRequest } from './transport.ts';

const QUICKLY = { retries: { baseDelayMs: 1 } };

function requestTo(url: URL, request: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', url, scopes: [], expect: [200], ...request };
}

async function* piecesOf(...pieces: readonly string[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

describe('createTransport', () => {
  it('refuses plain http to another machine, unless it is told to be insecure', () => {
    const registry = new URL('http://registry.example');
    expect(() => createTransport({ registry })).toThrow(/use https:\/\/registry.example/);
    expect(() => createTransport({ registry, insecure: true })).not.toThrow();
    for (const local of ['http://localhost:5000', 'http://[::1]:5000', 'http://127.9.9.9']) {
      expect(() => createTransport({ registry: new URL(local) })).not.toThrow();
    }
  });

  it('refuses what is no http(s) URL, and numbers out of their bounds', () => {
    const registry = new URL('https://registry.example');
    expect(() => createTransport({ registry: new URL('ftp://registry.example') })).toThrow(
      TypeError,
    );
    expect(() => createTransport({ registry, deadlineMs: 0 })).toThrow('deadlineMs is 0');
    expect(() => createTransport({ registry, maximumRedirects: -1 })).toThrow(TypeError);
    expect(() => createTransport({ registry, trustedRealms: ['a b'] })).toThrow('trustedRealms');
  });
});

describe('a request', () => {
  it('is sent with its headers, body and the name of the client', async () => {
    await using server = await startServer((_request, response) => response.end('answer'));
    await using transport = createTransport({ registry: server.url, userAgent: 'test/1' });
    const url = new URL('/v2/a/blobs/uploads/?x=1', server.url);
    const answer = await transport.send(
      requestTo(url, {
        method: 'POST',
        headers: { Accept: ['a/b', 'c/d'] },
        body: Buffer.from('hi'),
      }),
    );
    expect(await text(answer.body)).toBe('answer');
    expect(answer.url.href).toBe(url.href);
    const [sent] = server.requests;
    expect(sent).toMatchObject({ method: 'POST', url: '/v2/a/blobs/uploads/?x=1', body: 'hi' });
    expect(sent?.headers).toMatchObject({
      accept: 'a/b, c/d',
      'content-length': '2',
      'user-agent': 'test/1',
    });
  });

  it('may stream its body, with a length or in chunks', async () => {
    await using server = await startServer((_request, response) => response.end());
    await using transport = createTransport({ registry: server.url });
    const put = (body: TransportRequest['body'], contentLength?: number) =>
      transport.send(requestTo(server.url, { method: 'PUT', body, contentLength }));
    await put(piecesOf('ab', 'cd'));
    await put(() => piecesOf('ab', 'cd'), 4);
    const sent = server.requests.filter(({ method }) => method === 'PUT');
    expect(sent.map(({ body }) => body)).toEqual(['abcd', 'abcd']);
    expect(sent[0]?.headers['transfer-encoding']).toBe('chunked');
    expect(sent[1]?.headers['content-length']).toBe('4');
  });

  for (const [what, length] of [
    ['shorter', 5],
    ['longer', 3],
  ] as const) {
    it(`fails with SIZE_INVALID when its body is ${what} than announced`, async () => {
      await using server = await startServer((_request, response) => response.end());
      await using transport = createTransport({ registry: server.url });
      const request = { method: 'PUT', contentLength: length } as const;
      const streamed = transport.send(
        requestTo(server.url, { ...request, body: piecesOf('abcd') }),
      );
      await expect(streamed).rejects.toMatchObject({ code: 'SIZE_INVALID' });
      const bytes = transport.send(
        requestTo(server.url, { ...request, body: Buffer.from('abcd') }),
      );
      await expect(bytes).rejects.toMatchObject({ code: 'SIZE_INVALID' });
    });
  }

  it('fails with what the source of its body throws', async () => {
    await using server = await startServer((_request, response) => response.end());
    await using transport = createTransport({ registry: server.url, ...QUICKLY });
    const broken = new Error('the disk is gone');
    const body = async function* () {
      yield Buffer.from('a');
      throw broken;
    };
    const sending = transport.send(
      requestTo(server.url, { method: 'PUT', body, repeatable: true }),
    );
    expect(await failureOf(sending)).toBe(broken);
  });

  it('ends with the reason of its signal while it waits, and while its answer is read', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc`),
    );
    await using silent = await startRawServer(() => {});
    await using transport = createTransport({ registry: silent.url });
    const waiting = new AbortController();
    const sent = transport.send(requestTo(silent.url, { signal: waiting.signal }));
    await vi.waitFor(() => expect(silent.requestCount).toBe(1));
    const reason = new Error('enough');
    waiting.abort(reason);
    expect(await failureOf(sent)).toBe(reason);
    const reading = new AbortController();
    const answer = await transport.send(requestTo(server.url, { signal: reading.signal }));
    const read = text(answer.body);
    reading.abort(reason);
    expect(await failureOf(read)).toBe(reason);
    const late = transport.send(requestTo(server.url, { signal: reading.signal }));
    expect(await failureOf(late)).toBe(reason);
  });

  it('waits when there are as many connections as there may be, and then ends by its signal', async () => {
    await using server = await startRawServer(() => {});
    await using transport = createTransport({ registry: server.url, connectionsPerHost: 2 });
    const end = new AbortController();
    const sent = Array.from({ length: 5 }, () =>
      failureOf(transport.send(requestTo(server.url, { signal: end.signal }))),
    );
    await vi.waitFor(() => expect(server.requestCount).toBe(2));
    end.abort(new Error('enough'));
    expect((await Promise.all(sent)).map(({ message }) => message)).toEqual(
      Array(5).fill('enough'),
    );
    expect(server.requestCount).toBe(2);
  });

  it('fails with UNAVAILABLE when nothing listens', async () => {
    const server = await startServer(() => {});
    await server[Symbol.asyncDispose]();
    await using transport = createTransport({ registry: server.url, ...QUICKLY });
    await expect(transport.send(requestTo(server.url))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      cause: { code: 'ECONNREFUSED' },
    });
  });
});

describe('an answer that was not expected', () => {
  const refusedWith = async (
    status: number,
    body: unknown,
    request: Partial<TransportRequest> = {},
  ) => {
    await using server = await startServer((_request, response) =>
      response.writeHead(status, { 'x-request-id': 'id-1' }).end(JSON.stringify(body)),
    );
    await using transport = createTransport({ registry: server.url, retries: { attempts: 1 } });
    return await failureOf(transport.send(requestTo(server.url, request)));
  };

  it('is an error with the code, message and detail of the registry', async () => {
    const body = {
      errors: [
        { code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown', detail: { digest: 'sha256:a' } },
        { code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown', detail: { digest: 'sha256:b' } },
      ],
    };
    const failure = await refusedWith(404, body);
    expect(failure).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
      status: 404,
      requestId: 'id-1',
      retryable: false,
      detail: { digest: 'sha256:a' },
      related: [{ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digest: 'sha256:b' } }],
    });
    expect(failure.message).toMatch(
      /GET http:\/\/127.0.0.1:\d+\/ was answered with 404: blob unknown/,
    );
  });

  it('has the code that the request names for its status', async () => {
    const body = { errors: [{ code: 'NAME_UNKNOWN', message: 'no such name' }] };
    const failure = await refusedWith(404, body, { codes: { 404: 'BLOB_UNKNOWN' } });
    expect(failure).toMatchObject({ code: 'BLOB_UNKNOWN' });
  });

  it('is an answer when its status is expected', async () => {
    await using server = await startServer((_request, response) =>
      response.writeHead(404).end('x'),
    );
    await using transport = createTransport({ registry: server.url });
    const answer = await transport.send(requestTo(server.url, { expect: [200, 404] }));
    expect([answer.status, await text(answer.body)]).toEqual([404, 'x']);
  });
});

describe('warnings of a registry', () => {
  it('are told once each, without what a terminal acts on', async () => {
    const reports: TransportReport[] = [];
    const warning = ['299 - "the \\"old\\" API\t", 299 - "b"', '110 - "stale"', '299 - "c"'];
    await using server = await startServer((_request, response) =>
      response.setHeader('warning', warning).end(),
    );
    await using transport = createTransport({
      registry: server.url,
      observer: (report) => reports.push(report),
    });
    for (let index = 0; index < 2; index++) await transport.send(requestTo(server.url));
    const warned = reports.flatMap((report) => (report.kind === 'warned' ? [report.text] : []));
    expect(warned).toEqual(['the "old" API', 'b', 'c']);
  });
});

describe('bodies of answers', () => {
  it('come whole, however large', async () => {
    const content = Buffer.alloc(5_000_000, 'purser');
    await using server = await startServer((_request, response) => response.end(content));
    await using transport = createTransport({ registry: server.url });
    const { body } = await transport.send(requestTo(server.url));
    expect((await buffer(body)).equals(content)).toBe(true);
  });

  it('free their connection when they are given up', async () => {
    await using server = await startServer((_request, response) => response.end('x'.repeat(1e6)));
    await using transport = createTransport({ registry: server.url, connectionsPerHost: 1 });
    for (let index = 0; index < 3; index++) {
      const { body } = await transport.send(requestTo(server.url));
      body.destroy();
    }
    expect(server.requests).toHaveLength(3);
  });

  it('that are transfers do not hold up other requests, however slow they are (abandoned pulls)', async () => {
    await using server = await startServer(({ url }, response) =>
      url === '/slow' ? response.write('x') : response.end('y'),
    );
    await using transport = createTransport({ registry: server.url, connectionsPerHost: 1 });
    const slow = requestTo(new URL('/slow', server.url), { isTransfer: true });
    const transfer = await transport.send(slow);
    const answer = await transport.send(requestTo(server.url));
    expect(await text(answer.body)).toBe('y');
    transfer.body.destroy();
  });
});
