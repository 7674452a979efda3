import { describe, expect, it } from 'vitest';
import { createConfig } from '../config/load.ts';
import { createSilentLogger } from '../observe/logger.ts';
import { startDebugServer, type DebugParts } from './debug-server.ts';
import { StartError } from './start-error.ts';

async function start(
  parts: Partial<DebugParts> = {},
  debug: Parameters<typeof createConfig>[0] & object = {},
) {
  const config = createConfig({ http: { debug: { addr: '127.0.0.1:0', ...debug } } });
  const server = await startDebugServer(config.http.debug, {
    health: () => ({}),
    logger: createSilentLogger(),
    ...parts,
  });
  return { url: server!.url, [Symbol.asyncDispose]: () => server!.close() };
}

const textOf = async (url: string) => {
  const response = await fetch(url);
  return [response.status, await response.text()];
};

describe('the debug server', () => {
  it('is not there unless it is asked for', async () => {
    const parts = { health: () => ({}), logger: createSilentLogger() };
    expect(await startDebugServer(createConfig().http.debug, parts)).toBeUndefined();
  });

  it('says that nothing is wrong, and what is', async () => {
    let failing = {};
    await using server = await start({ health: () => failing });
    const healthy = await fetch(`${server.url}/debug/health`);
    expect([healthy.status, await healthy.text()]).toEqual([200, '{}']);
    expect(healthy.headers.get('content-type')).toBe('application/json');
    failing = { '/run/down': 'file exists' };
    expect(await textOf(`${server.url}/debug/health`)).toEqual([
      503,
      '{"/run/down":"file exists"}',
    ]);
  });

  it('gives metrics where the configuration says, and only when there are some', async () => {
    await using server = await start({ metrics: async () => 'up 1\n' }, {
      prometheus: { enabled: true, path: '/prometheus' },
    } as object);
    const response = await fetch(`${server.url}/prometheus`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toBe('up 1\n');
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    await using without = await start();
    expect((await fetch(`${without.url}/metrics`)).status).toBe(404);
  });

  it('shows facts of the process, and nothing that someone configured', async () => {
    process.env['PURSER_TEST_SECRET'] = 'hunter2';
    await using server = await start();
    const [status, body] = await textOf(`${server.url}/debug/vars`);
    expect(status).toBe(200);
    expect(JSON.parse(String(body))).toMatchObject({
      node: process.version,
      memstats: { heapUsed: expect.any(Number) },
    });
    for (const told of ['hunter2', ...process.argv.slice(1)]) expect(body).not.toContain(told);
    delete process.env['PURSER_TEST_SECRET'];
  });

  it('records a CPU profile that tools open', async () => {
    await using server = await start();
    const response = await fetch(`${server.url}/debug/pprof/profile?seconds=1`);
    expect(response.headers.get('content-disposition')).toMatch(/purser-\d+\.cpuprofile/);
    const profile = (await response.json()) as Record<string, unknown[]>;
    expect(profile['nodes']!.length).toBeGreaterThan(0);
    expect(profile['samples']).toHaveLength(profile['timeDeltas']!.length);
  });

  it('records who allocates, without a value that is in memory', async () => {
    const secret = `hunter${process.pid}`;
    const held: string[] = [];
    const timer = setInterval(() => held.push(`${secret}-${held.length}`.repeat(10_000)), 1);
    await using server = await start();
    const [, body] = await textOf(`${server.url}/debug/pprof/heap?seconds=1`);
    clearInterval(timer);
    expect(JSON.parse(String(body))).toHaveProperty('head.callFrame');
    expect(body).not.toContain(secret);
  });

  it('records one profile at a time, and ends one whose reader has left', async () => {
    await using server = await start();
    const leaving = new AbortController();
    const first = fetch(`${server.url}/debug/pprof/profile?seconds=300`, {
      signal: leaving.signal,
    }).catch((error: Error) => error.name);
    const ask = async () => (await fetch(`${server.url}/debug/pprof/heap?seconds=1`)).status;
    await expect.poll(ask, { timeout: 10_000 }).toBe(409);
    leaving.abort();
    expect(await first).toBe('AbortError');
    await expect.poll(ask, { timeout: 10_000 }).toBe(200);
  });

  it.each(['0', '301', '1.5', '-1', 'x', ''])('refuses to record for %j seconds', async (time) => {
    await using server = await start();
    const [status] = await textOf(`${server.url}/debug/pprof/profile?seconds=${time}`);
    expect(status).toBe(400);
  });

  it('lists the profiles, and knows nothing else', async () => {
    await using server = await start();
    const [status, body] = await textOf(`${server.url}/debug/pprof/`);
    expect([status, body]).toEqual([200, expect.stringContaining('/debug/pprof/heap')]);
    for (const path of ['/', '/v2/', '/debug', '/debug/pprof/goroutine']) {
      expect((await fetch(server.url + path)).status).toBe(404);
    }
  });

  it('on every interface still answers neighbours', async () => {
    await using server = await start({}, { addr: ':0' } as object);
    expect((await fetch(`${server.url}/debug/vars`)).status).toBe(200);
    expect((await fetch(`${server.url}/debug/pprof/`)).status).toBe(200);
  });

  it('says which key to change when its address is taken', async () => {
    await using taken = await start();
    const again = start({}, { addr: new URL(taken.url).host } as object);
    await expect(again).rejects.toThrow(StartError);
    await expect(again).rejects.toThrow('REGISTRY_HTTP_DEBUG_ADDR');
  });
});
