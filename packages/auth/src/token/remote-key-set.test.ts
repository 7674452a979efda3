import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPair, type SigningPair } from './fixtures/token-server.ts';
import { isTrustworthy, RemoteKeySet, type RemoteKeySetOptions } from './remote-key-set.ts';

describe('keys of a token server', () => {
  let pair: SigningPair;
  let server: Server | undefined;
  let requests = 0;
  let answer: { status?: number; body: string; location?: string };
  let now = 0;
  const errors: unknown[] = [];

  beforeAll(async () => {
    pair = await createPair('ES256');
  });

  afterEach(async () => {
    const ended = server;
    server = undefined;
    if (ended === undefined) return;
    ended.closeAllConnections();
    await new Promise((resolve) => ended.close(resolve));
  });

  const jwks = (...ids: readonly string[]) =>
    JSON.stringify({
      keys: ids.map((kid) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid })),
    });

  async function open(options: Partial<RemoteKeySetOptions> = {}): Promise<RemoteKeySet> {
    requests = 0;
    now = 0;
    errors.length = 0;
    server = createServer((_, response) => {
      requests++;
      const { status = 200, body, location } = answer;
      response.writeHead(status, location === undefined ? {} : { location }).end(body);
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new RemoteKeySet({
      url: new URL(`http://127.0.0.1:${port}/jwks`),
      now: () => now,
      onError: (error) => errors.push(error),
      ...options,
    });
  }

  it('are fetched once, and found by their ids', async () => {
    answer = { body: jwks('one', 'two') };
    using keys = await open();
    await keys.start();
    expect((await keys.find('one'))?.key.equals(pair.publicKey)).toBe(true);
    expect(await keys.find('two')).toBeDefined();
    expect(requests).toBe(1);
  });

  it('are fetched again for one that is not known, once in a while', async () => {
    answer = { body: jwks('old') };
    using keys = await open({ cooldownMs: 1000 });
    await keys.start();
    answer = { body: jwks('new') };
    now = 999;
    expect(await keys.find('new')).toBeUndefined();
    expect(requests).toBe(1);
    now = 1000;
    expect(await keys.find('new')).toBeDefined();
    expect(await keys.find('old')).toBeUndefined();
    expect(requests).toBe(2);
  });

  it('are fetched once for many who wait, and never for a flood of made-up ids', async () => {
    answer = { body: jwks('one') };
    using keys = await open({ cooldownMs: 1000 });
    const found = await Promise.all(Array.from({ length: 50 }, () => keys.find('one')));
    expect(found.every((key) => key !== undefined)).toBe(true);
    for (let index = 0; index < 100; index++) await keys.find(`made up ${index}`);
    expect(requests).toBe(1);
  });

  it('are fetched in the background', async () => {
    answer = { body: jwks('one') };
    using keys = await open({ refreshMs: 5 });
    await keys.start();
    await expect.poll(() => requests).toBeGreaterThan(2);
    keys[Symbol.dispose]();
    // One that is under way comes to its end.
    await keys.refresh();
  });

  it.each([
    ['fails', { status: 500, body: '' }],
    ['sends no JSON', { body: '<html>' }],
    ['sends no keys', { body: '{"keys":{}}' }],
    ['sends too much', { body: `{"keys":[],"x":"${'x'.repeat(1024 * 1024)}"}` }],
    ['sends elsewhere', { status: 302, body: '', location: 'http://127.0.0.1:1/' }],
  ])('go on counting when the server %s, which is told', async (_, broken) => {
    answer = { body: jwks('one') };
    using keys = await open();
    await keys.start();
    answer = broken;
    await keys.refresh();
    expect(errors).toHaveLength(1);
    expect(await keys.find('one')).toBeDefined();
  });

  it('are waited for no longer than the timeout', async () => {
    const slow: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new Error('too slow')));
      });
    const url = new URL('https://auth.example/jwks');
    errors.length = 0;
    const onError = (error: unknown) => errors.push(error);
    const keys = new RemoteKeySet({ url, fetch: slow, timeoutMs: 5, onError });
    expect(await keys.find('one')).toBeUndefined();
    expect(errors).toEqual([new Error('too slow')]);
  });

  it.each([
    ['https://auth.example/keys', true],
    ['http://127.0.0.1:80/keys', true],
    ['http://localhost/keys', true],
    ['http://[::1]:8080/keys', true],
    ['http://auth.example/keys', false],
    ['http://127.0.0.1.evil.example/keys', false],
    ['file:///etc/keys', false],
  ])('are fetched from %s: %j', (text, expected) => {
    const url = new URL(text);
    expect(isTrustworthy(url)).toBe(expected);
    let isMade = true;
    try {
      using keys = new RemoteKeySet({ url });
      void keys;
    } catch (error) {
      isMade = !(error instanceof TypeError);
    }
    expect(isMade).toBe(expected);
  });
});
