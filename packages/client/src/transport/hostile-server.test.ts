import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { startRawServer, writeForever } from '../fixtures/raw-server.ts';
import { startServer } from '../fixtures/recording-server.ts';
import { createTransport, type CreateTransportOptions } from './create-transport.ts';
import { readBytes, readText } from './read-body.ts';
import type { TransportRequest } from './transport.ts';

const ONCE = { retries: { attempts: 1 } };
const HASTY = { deadlineMs: 300, idleTimeoutMs: 300, ...ONCE };

function get(url: URL, request: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', url, scopes: [], expect: [200], ...request };
}

/** What a request to a server fails with, as long as the body is read, too. */
async function failureFrom(
  answer: (socket: Socket) => unknown,
  options: Partial<CreateTransportOptions> = {},
): Promise<Error> {
  await using server = await startRawServer(answer);
  await using transport = createTransport({ registry: server.url, ...HASTY, ...options });
  const sending = async () => text((await transport.send(get(server.url))).body);
  return await failureOf(sending());
}

describe('a server that speaks no HTTP', () => {
  for (const [what, answer] of [
    ['a status line that is none', 'HELLO WORLD\r\n\r\n'],
    ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a version that does not exist', 'HTTP/9.7 200 OK\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['a content length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'],
    [
      'chunks of no size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n',
    ],
  ] as const) {
    it(`${what} is RESPONSE_INVALID`, async () => {
      const failure = await failureFrom((socket) => socket.end(answer));
      expect(failure).toMatchObject({ code: 'RESPONSE_INVALID', retryable: false });
    });
  }

  it('whose bytes do not stand in the error', async () => {
    const failure = await failureFrom((socket) => socket.end('SECRET-OF-THE-SERVER\r\n\r\n'));
    expect(JSON.stringify([failure.message, failure.cause])).not.toContain('SECRET');
    expect(Object.keys(failure.cause as Error)).not.toContain('data');
  });
});

describe('a server that sends too much', () => {
  it('in its headers is RESPONSE_INVALID', async () => {
    const failure = await failureFrom((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      return writeForever(socket, `x-header: ${'a'.repeat(8000)}\r\n`);
    });
    expect(failure).toMatchObject({ code: 'RESPONSE_INVALID' });
    expect(failure.message).toContain('too long');
  });

  it('is taken when its headers are as long as those of signed URLs are', async () => {
    const location = `/${'a'.repeat(50_000)}`;
    await using server = await startRawServer((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\nx-location: ${location}\r\ncontent-length: 0\r\n\r\n`),
    );
    await using transport = createTransport({ registry: server.url });
    const { headers } = await transport.send(get(server.url));
    expect(headers.get('x-location')).toBe(location);
  });

  it('in an explanation of an error is cut off', async () => {
    const failure = await failureFrom((socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n');
      return writeForever(socket, `1000\r\n${'x'.repeat(4096)}\r\n`);
    });
    expect(failure).toMatchObject({ code: 'ROUTE_UNKNOWN', status: 404 });
    expect(failure.message.length).toBeLessThan(1000);
  });

  it('announcements before its answer is RESPONSE_INVALID', async () => {
    const failure = await failureFrom((socket) =>
      writeForever(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(1000)),
    );
    expect(failure).toMatchObject({ code: 'RESPONSE_INVALID' });
  });

  it('after its answer does not become the answer to the next request', async () => {
    await using server = await startRawServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nforged'),
    );
    await using transport = createTransport({ registry: server.url, ...HASTY });
    for (let index = 0; index < 3; index++) {
      expect(await readText(await transport.send(get(server.url)), 2)).toBe('ok');
    }
  });

  it('is refused by who reads a bounded body', async () => {
    await using server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      return writeForever(socket, `1000\r\n${'x'.repeat(4096)}\r\n`);
    });
    await using transport = createTransport({ registry: server.url });
    const answer = await transport.send(get(server.url));
    await expect(readBytes(answer, 10_000)).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
  });
});

describe('a server that sends too little', () => {
  for (const [what, answer] of [
    ['nothing, and hangs up', ''],
    ['half a head, and hangs up', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'],
    [
      'less than the one of its two lengths says',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    ],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nabc'],
  ] as const) {
    it(`${what} is UNAVAILABLE`, async () => {
      const failure = await failureFrom((socket) => socket.end(answer));
      expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    });
  }

  for (const [what, answer] of [
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'],
  ] as const) {
    it(`${what}, and stands still, is UNAVAILABLE after the deadline`, async () => {
      const failure = await failureFrom((socket) => socket.write(answer));
      expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    });
  }

  it('bytes of a head one by one is UNAVAILABLE after the deadline', async () => {
    const failure = await failureFrom((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      dripOnto(socket, 'a');
    });
    expect(failure).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('bytes of a body one by one is UNAVAILABLE', async () => {
    const failure = await failureFrom((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      dripOnto(socket, 'a');
    });
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(failure.message).toContain('less than 1024 bytes a second');
  });

  it('bytes of an explanation one by one is an error without it', async () => {
    const failure = await failureFrom((socket) => {
      socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 100000\r\n\r\n');
      dripOnto(socket, 'a');
    });
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', status: 503 });
  });

  it('fails who reads later, and nobody else, when it hangs up before that', async () => {
    await using server = await startRawServer((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'),
    );
    await using transport = createTransport({ registry: server.url, ...HASTY });
    const { body } = await transport.send(get(server.url));
    await vi.waitFor(() => expect(body.destroyed).toBe(true));
    await expect(text(body)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  it('is not blamed while nobody reads', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`),
    );
    await using transport = createTransport({ registry: server.url, ...HASTY });
    const { body } = await transport.send(get(server.url));
    // Twice the deadline: the clock of the deadline is what is waited for.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await text(body)).toHaveLength(1_000_000);
  });
});

describe('a server that explains its errors badly', () => {
  const explained = async (status: number, body: string, type = 'application/json') => {
    await using server = await startServer((_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    await using transport = createTransport({ registry: server.url, ...ONCE });
    return await failureOf(transport.send(get(server.url)));
  };

  for (const [what, body] of [
    ['JSON that is none', '{"errors": [{'],
    ['JSON of another form', '[1, 2, 3]'],
    ['errors that are none', '{"errors": [null, 7, "x", []]}'],
    ['errors without a code', '{"errors": [{}]}'],
    ['a code that nobody knows', '{"errors": [{"code": "__proto__", "message": "x"}]}'],
    ['a page', '<html><title>Not Found</title></html>'],
    ['nothing', ''],
  ] as const) {
    it(`with ${what}, the status says what is wrong`, async () => {
      expect(await explained(404, body)).toMatchObject({ code: 'ROUTE_UNKNOWN', status: 404 });
    });
  }

  it('with details nested without end, they are left out', async () => {
    const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const failure = await explained(
      400,
      `{"errors": [{"code": "NAME_INVALID", "detail": ${nested}}]}`,
    );
    expect(failure).toMatchObject({ code: 'NAME_INVALID', detail: undefined });
  });

  it('with what a terminal acts on, it is taken out', async () => {
    const message = '\u001b[31mred\u0007\r\nnext line\u202e';
    const failure = await explained(
      400,
      JSON.stringify({ errors: [{ code: 'NAME_INVALID', message }] }),
    );
    expect(failure.message).toMatch(/: \[31mred {3}next line$/);
  });

  it('with the code of another matter for 401, it is UNAUTHORIZED all the same', async () => {
    const body = '{"errors": [{"code": "BLOB_UNKNOWN"}]}';
    const failure = await explained(401, body);
    expect(failure).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(failure.message).toMatch(/ without credentials was answered with 401$/);
  });
});

/** Writes a byte every 20 ms. */
function dripOnto(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.on('close', () => clearInterval(timer));
}
