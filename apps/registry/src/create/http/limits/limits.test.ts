import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRepositoryName } from '@purser/core';
import { describe, expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../../config/schema.ts';
import { HELD, HeldAccess } from '../../../fixtures/held-access.ts';
import { openRawConnection } from '../../../fixtures/raw-connection.ts';
import { createTemporaryDirectory } from '../../../fixtures/temporary-directory.ts';
import { startRegistry, type StartRegistryOptions } from '../../../start-registry.ts';

type LimitsInput = NonNullable<NonNullable<ConfigInput['http']>['limits']>;

const start = (limits: LimitsInput, more: StartRegistryOptions = {}) =>
  startRegistry({ ...more, http: { limits } });

/** The head of an answer and its error. */
function parse(text: string) {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(head) ?? [];
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  const error = (JSON.parse(body) as { errors: [{ code: string; message: string }] }).errors[0];
  return { status: Number(status), header, ...error };
}

const UPLOADS = '/v2/a/blobs/uploads/';
const beginUpload = async (url: string) => {
  const response = await fetch(`${url}${UPLOADS}`, { method: 'POST' });
  return new URL(response.headers.get('location')!, url).pathname;
};
const request = (method: string, path: string, ...headers: readonly string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');

describe('what is no request', () => {
  it('is answered in the format of the registry', async () => {
    await using registry = await start({});
    using connection = await openRawConnection(registry.url);
    connection.send('HELLO\r\n\r\n');
    const { status, code, header } = parse(await connection.readToEnd());
    expect({ status, code, connection: header('connection') }).toEqual({
      status: 400,
      code: 'UNSUPPORTED',
      connection: 'close',
    });
  });

  it.each([
    ['headers that are too large', `X: ${'x'.repeat(2000)}`, 431],
    ['too many headers', Array(20).fill('X: y').join('\r\n'), 431],
  ])('is one with %s', async (_what, headers, expected) => {
    await using registry = await start({ headersize: 1024, headers: 10 });
    using connection = await openRawConnection(registry.url);
    connection.send(request('GET', '/v2/', headers, 'Connection: close'));
    const answer = parse(await connection.readToEnd());
    expect(answer.status).toBe(expected);
    expect(answer.message).toMatch(/headers/);
  });

  it('is one whose URL is too long', async () => {
    await using registry = await start({ urllength: 256 });
    const response = await fetch(`${registry.url}/v2/?${'x'.repeat(300)}`);
    expect(response.status).toBe(414);
    expect(await response.text()).toContain('at most 256 characters');
  });

  it('is one whose headers dribble', async () => {
    await using registry = await start({ headertimeout: '1s' });
    using connection = await openRawConnection(registry.url);
    connection.send('GET /v2/ HTTP/1.1\r\nHost: x\r\n');
    const dribble = setInterval(() => connection.send('X: y\r\n'), 100);
    const { status, message } = parse(await connection.readToEnd());
    clearInterval(dribble);
    expect(status).toBe(408);
    expect(message).toContain('the headers took too long');
  });
});

describe('a slow body', () => {
  it('of a manifest is not waited for longer than its time, whatever it sends', async () => {
    await using registry = await start({ requesttimeout: '1s', bodyrate: 0 });
    using connection = await openRawConnection(registry.url);
    connection.send(request('PUT', '/v2/a/manifests/b', 'Content-Length: 1000'));
    const dribble = setInterval(() => connection.send(' '), 50);
    const { status, code, message, header } = parse(await connection.readToEnd());
    clearInterval(dribble);
    expect({ status, code, connection: header('connection') }).toEqual({
      status: 408,
      code: 'UNSUPPORTED',
      connection: 'close',
    });
    expect(message).toContain('what is no blob has to come faster');
  });

  it('of a blob is cut off below the least rate, and what came is kept', async () => {
    await using registry = await start({ idletimeout: '1s', bodyrate: 1000 });
    const path = await beginUpload(registry.url);
    using connection = await openRawConnection(registry.url);
    connection.send(request('PATCH', path, 'Content-Length: 100000'));
    connection.send('x'.repeat(10));
    const dribble = setInterval(() => connection.send('x'), 50);
    const { status, message } = parse(await connection.readToEnd());
    clearInterval(dribble);
    expect(status).toBe(408);
    expect(message).toContain('go on from what was received');
    const received = async () => {
      const response = await fetch(registry.url + path);
      return Number(response.headers.get('range')?.split('-')[1]);
    };
    await vi.waitFor(async () => expect(await received()).toBeGreaterThan(9));
  });

  it('of a blob is waited for while it keeps the least rate, however long that takes', async () => {
    await using registry = await start({
      idletimeout: '1s',
      bodyrate: 100,
      requesttimeout: '1s',
    });
    const path = await beginUpload(registry.url);
    using connection = await openRawConnection(registry.url);
    connection.send(request('PATCH', path, 'Content-Length: 4000', 'Connection: close'));
    // Three seconds: three times what anything else may take.
    for (let part = 0; part < 40; part++) {
      connection.send('x'.repeat(100));
      await new Promise((resolve) => setTimeout(resolve, 75));
    }
    expect(await connection.readToEnd()).toMatch(/^HTTP\/1\.1 202 /);
  });

  it('that was refused does not hold its connection', async () => {
    await using registry = await start({ requesttimeout: '1s', bodyrate: 0 });
    using connection = await openRawConnection(registry.url);
    connection.send(request('PATCH', `${UPLOADS}unknown`, 'Content-Length: 1000'));
    const dribble = setInterval(() => connection.send('x'), 50);
    expect(await connection.readToEnd()).toMatch(/^HTTP\/1\.1 404 /);
    clearInterval(dribble);
  });
});

describe('a slow reader', () => {
  it('is let go when it takes next to nothing', async () => {
    await using registry = await start({ idletimeout: '1s', bodyrate: 1000 });
    const { blobs } = registry.registry.repository(parseRepositoryName('a'));
    const { digest } = await blobs.put(Buffer.alloc(32 * 1024 * 1024));
    using connection = await openRawConnection(registry.url);
    connection.socket.pause();
    connection.send(request('GET', `/v2/a/blobs/${digest}`));
    // It takes a little now and then, so that the connection does not stand still. Who sends learns that it is over.
    const sip = setInterval(() => {
      connection.socket.read(100);
      connection.send('\r\n');
    }, 100);
    const text = await connection.readToEnd();
    clearInterval(sip);
    expect(text.length).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('requests', () => {
  it('beyond their places wait, and beyond the queue are refused with 429 and Retry-After', async () => {
    const access = new HeldAccess();
    await using registry = await start({ requests: 1, queue: 1, queuetimeout: '60s' }, { access });
    const probe = async () => (await fetch(`${registry.url}/livez`)).status;
    const busy = fetch(`${registry.url}/v2/`, { headers: HELD });
    await vi.waitFor(() => expect(access.held).toBe(1));
    const waiting = fetch(`${registry.url}/v2/`);
    await expect
      .poll(async () => {
        const response = await fetch(`${registry.url}/v2/`);
        const { errors } = (await response.json()) as { errors?: [{ code: string }] };
        return [response.status, response.headers.get('retry-after'), errors?.[0].code];
      })
      .toEqual([429, '5', 'TOOMANYREQUESTS']);
    expect(await probe()).toBe(200);
    access.release();
    expect([(await busy).status, (await waiting).status]).toEqual([200, 200]);
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
  });

  it('are answered however many blobs are on their way', async () => {
    await using registry = await start({ transfers: 1, queue: 0 });
    const [path, other] = [await beginUpload(registry.url), await beginUpload(registry.url)];
    using slow = await openRawConnection(registry.url);
    slow.send(request('PATCH', path, 'Content-Length: 10'));
    slow.send('x');
    await vi.waitFor(async () =>
      expect((await fetch(registry.url + other, { method: 'PATCH', body: 'x' })).status).toBe(429),
    );
    expect((await fetch(`${registry.url}/v2/_catalog`)).status).toBe(200);
    slow.socket.destroy();
    await vi.waitFor(async () =>
      expect((await fetch(registry.url + other, { method: 'PATCH', body: 'x' })).status).toBe(202),
    );
  });

  it('that flood one connection are refused beyond a hundred', async () => {
    const access = new HeldAccess();
    await using registry = await start(
      { requests: 1, queue: 1000, queuetimeout: '60s' },
      { access },
    );
    const busy = fetch(`${registry.url}/v2/`, { headers: HELD });
    await vi.waitFor(() => expect(access.held).toBe(1));
    using flood = await openRawConnection(registry.url);
    flood.send(request('GET', '/v2/').repeat(150));
    await fetch(`${registry.url}/livez`);
    access.release();
    await vi.waitFor(() => expect(flood.received.match(/HTTP\/1\.1 /g)).toHaveLength(150));
    expect(flood.received.match(/HTTP\/1\.1 200 /g)).toHaveLength(100);
    expect(flood.received.match(/HTTP\/1\.1 429 /g)).toHaveLength(50);
    expect((await busy).status).toBe(200);
  });
});

describe('heavy headers', () => {
  const heavy = Array.from({ length: 30 }, () => `X: ${'x'.repeat(1000)}`);

  it('are read in turn, and keep nobody else waiting', async () => {
    await using registry = await start({});
    const connections = await Promise.all(
      Array.from({ length: 60 }, () => openRawConnection(registry.url)),
    );
    for (const each of connections) {
      each.send(request('GET', '/v2/', ...heavy, 'Connection: close'));
    }
    const answered = () =>
      connections.filter(({ received }) => received.startsWith('HTTP/1.1 200 ')).length;
    await vi.waitFor(() => expect(answered()).toBeGreaterThan(0), { interval: 1 });
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
    expect(answered()).toBeLessThan(60);
    await Promise.all(connections.map((connection) => connection.readToEnd()));
    expect(answered()).toBe(60);
  });
});

describe('connections', () => {
  it('that are idle make room, those idle for longest first', async () => {
    await using registry = await start({ connections: 2 });
    using first = await openRawConnection(registry.url);
    using second = await openRawConnection(registry.url);
    using third = await openRawConnection(registry.url);
    expect(await first.readToEnd()).toBe('');
    for (const each of [second, third]) each.send(request('GET', '/v2/', 'Connection: close'));
    expect(await second.readToEnd()).toMatch(/^HTTP\/1\.1 200 /);
    expect(await third.readToEnd()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('that are in use stay, and a further one is closed', async () => {
    await using registry = await start({ connections: 1 });
    const path = await beginUpload(registry.url);
    using busy = await openRawConnection(registry.url);
    const headers = ['Content-Length: 2', 'Connection: close', 'Expect: 100-continue'];
    busy.send(request('PATCH', path, ...headers));
    await vi.waitFor(() => expect(busy.received).toMatch(/^HTTP\/1\.1 100 /));
    using other = await openRawConnection(registry.url);
    expect(await other.readToEnd()).toBe('');
    busy.send('xx');
    expect(await busy.readToEnd()).toMatch(/HTTP\/1\.1 202 /);
  });

  it('of one client are bounded', async () => {
    await using registry = await start({ connectionsperclient: 1 });
    using first = await openRawConnection(registry.url);
    using second = await openRawConnection(registry.url);
    expect(await second.readToEnd()).toBe('');
    first.send(request('GET', '/v2/', 'Connection: close'));
    expect(await first.readToEnd()).toMatch(/^HTTP\/1\.1 200 /);
    using third = await openRawConnection(registry.url);
    third.send(request('GET', '/v2/', 'Connection: close'));
    expect(await third.readToEnd()).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('an upload that is cut off', () => {
  it('leaves nothing but its session', async () => {
    await using directory = await createTemporaryDirectory();
    await using registry = await start(
      { idletimeout: '1s', bodyrate: 1000 },
      { storage: { filesystem: { rootdirectory: directory.path } } },
    );
    const path = await beginUpload(registry.url);
    using connection = await openRawConnection(registry.url);
    connection.send(request('PATCH', path, 'Content-Length: 100000'));
    connection.send('x');
    await connection.readToEnd();
    const response = await fetch(registry.url + path, { method: 'DELETE' });
    expect(response.status).toBe(204);
    const left = await readdir(join(directory.path, 'docker/registry/v2'), {
      recursive: true,
    }).catch(() => []);
    expect(left.filter((name) => /data|received|tmp/.test(name))).toEqual([]);
  });
});
