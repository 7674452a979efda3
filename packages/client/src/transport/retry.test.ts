import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { startRawServer } from '../fixtures/raw-server.ts';
import { startServer } from '../fixtures/recording-server.ts';
import { createTransport } from './create-transport.ts';
import type { TransportReport } from './observer.ts';
import { RegistryClientError } from './registry-client-error.ts';
import { Retry } from './retry.ts';
import type { TransportRequest } from './transport.ts';

const QUICKLY = { retries: { baseDelayMs: 1 } };

function requestTo(url: URL, request: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', url, scopes: [], expect: [200], ...request };
}

async function* piecesOf(...pieces: readonly string[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

describe('retries', () => {
  /** Fails so many times before it answers. */
  const startFlaky = (failures: number, status: number, headers = {}) => {
    let count = 0;
    return startServer((_request, response) => {
      count += 1;
      if (count > failures) return response.end('done');
      return response.writeHead(status, headers).end();
    });
  };

  for (const status of [408, 429, 500, 502, 503, 504]) {
    it(`try again after ${status}`, async () => {
      const reports: TransportReport[] = [];
      await using server = await startFlaky(2, status);
      const observer = (report: TransportReport) => reports.push(report);
      await using transport = createTransport({ registry: server.url, ...QUICKLY, observer });
      const { body } = await transport.send(requestTo(server.url));
      expect(await text(body)).toBe('done');
      expect(server.requests).toHaveLength(3);
      const retried = reports.filter(({ kind }) => kind === 'retried');
      expect(retried).toMatchObject([
        { attempt: 1, status },
        { attempt: 2, status },
      ]);
    });
  }

  for (const status of [400, 403, 404, 409]) {
    it(`do not try again after ${status}`, async () => {
      await using server = await startFlaky(1, status);
      await using transport = createTransport({ registry: server.url, ...QUICKLY });
      await expect(transport.send(requestTo(server.url))).rejects.toMatchObject({ status });
      expect(server.requests).toHaveLength(1);
    });
  }

  it('leave a request that could do harm alone, unless the registry did not begin', async () => {
    for (const [status, times] of [
      [503, 1],
      [429, 2],
    ] as const) {
      await using server = await startFlaky(1, status);
      await using transport = createTransport({ registry: server.url, ...QUICKLY });
      const body = Buffer.from('x');
      const sending = transport.send(requestTo(server.url, { method: 'PATCH', body }));
      await sending.catch(() => {});
      expect(server.requests).toHaveLength(times);
    }
  });

  it('make a body anew, and give up one that cannot be', async () => {
    let count = 0;
    await using server = await startServer(({ method }, response) => {
      if (method === 'PUT') count += 1;
      return response.writeHead(count % 2 === 1 ? 503 : 200).end();
    });
    await using transport = createTransport({ registry: server.url, ...QUICKLY });
    const put = (body: TransportRequest['body']) =>
      transport.send(requestTo(server.url, { method: 'PUT', body, repeatable: true }));
    const bodies = () =>
      server.requests.flatMap(({ method, body }) => (method === 'PUT' ? [body] : []));
    await put(() => piecesOf('a', 'new'));
    expect(bodies()).toEqual(['anew', 'anew']);
    await expect(put(piecesOf('once'))).rejects.toMatchObject({ status: 503 });
    expect(bodies()).toEqual(['anew', 'anew', 'once']);
  });

  it('wait as long as Retry-After says, and give up one that is too long', async () => {
    await using short = await startFlaky(1, 429, { 'retry-after': '0' });
    await using long = await startFlaky(1, 429, { 'retry-after': '3600' });
    await using transport = createTransport({
      registry: short.url,
      retries: { baseDelayMs: 1, attempts: 3 },
    });
    await transport.send(requestTo(short.url));
    expect(short.requests).toHaveLength(2);
    await expect(transport.send(requestTo(long.url))).rejects.toMatchObject({
      code: 'TOOMANYREQUESTS',
      retryAfterMs: 3_600_000,
      retryable: true,
    });
    expect(long.requests).toHaveLength(1);
  });

  it('try again after a connection that broke', async () => {
    let count = 0;
    await using server = await startRawServer((socket) => {
      count += 1;
      if (count < 3) socket.destroy();
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    await using transport = createTransport({ registry: server.url, ...QUICKLY });
    expect(await text((await transport.send(requestTo(server.url))).body)).toBe('ok');
  });

  it('end with the reason of the signal', async () => {
    await using server = await startFlaky(1, 429, { 'retry-after': '20' });
    await using transport = createTransport({ registry: server.url });
    const end = new AbortController();
    const sent = failureOf(transport.send(requestTo(server.url, { signal: end.signal })));
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    const reason = new Error('enough');
    end.abort(reason);
    expect(await sent).toBe(reason);
  });
});

describe('Retry', () => {
  const failing = (retryAfterMs?: number) => async () => {
    throw new RegistryClientError('UNAVAILABLE', { retryable: true, retryAfterMs });
  };
  /** The waits between attempts, on a clock that only waiting moves. */
  const waitsOf = async (
    options: ConstructorParameters<typeof Retry>[0],
    work: () => Promise<never>,
    random = () => 1,
  ) => {
    const waits: number[] = [];
    let time = 0;
    const wait = async (delayMs: number) => {
      waits.push(delayMs);
      time += delayMs;
    };
    const retry = new Retry(options, { wait, random, now: () => time });
    await expect(retry.run(work, { isSafe: () => true, report: () => {} })).rejects.toThrow(
      RegistryClientError,
    );
    return waits;
  };

  it('waits for a random part of a bound that doubles up to a limit', async () => {
    const options = { attempts: 6, baseDelayMs: 100, maximumDelayMs: 500 };
    expect(await waitsOf(options, failing())).toEqual([100, 200, 400, 500, 500]);
    expect(await waitsOf(options, failing(), () => 0.5)).toEqual([50, 100, 200, 250, 250]);
  });

  it('waits at least as long as it is told to', async () => {
    expect(await waitsOf({ attempts: 3, baseDelayMs: 100 }, failing(1000))).toEqual([1100, 1200]);
  });

  it('does not wait for longer than it may', async () => {
    expect(await waitsOf({ maximumRetryAfterMs: 999 }, failing(1000))).toEqual([]);
    const options = { attempts: 9, baseDelayMs: 100, maximumDelayMs: 100, withinMs: 250 };
    expect(await waitsOf(options, failing())).toEqual([100, 100]);
  });

  it('does not repeat what failed for good', async () => {
    const work = async () => {
      throw new RegistryClientError('DENIED');
    };
    expect(await waitsOf({}, work)).toEqual([]);
  });
});
