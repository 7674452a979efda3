import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { startServer, type RecordedRequest } from '../fixtures/recording-server.ts';
import { createTransport, type CreateTransportOptions } from './create-transport.ts';
import type { TransportRequest } from './transport.ts';

const password = 'the-password';
const credentials = { credentials: async () => ({ username: 'ann', password }) };

function requestTo(url: URL, request: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', url, scopes: [], expect: [200], ...request };
}

/** A server that asks for a password, and then redirects. */
function startRedirecting(locationOf: (request: RecordedRequest) => string, status = 307) {
  return startServer((request, response) => {
    if (request.headers.authorization === undefined) {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    }
    const location = locationOf(request);
    if (location === '') return response.end('content');
    return response.writeHead(status, { location }).end();
  });
}

/** Sends a request to a registry that redirects to a place. */
async function failureOfLocation(
  location: string,
  options: Partial<CreateTransportOptions> = {},
): Promise<Error> {
  await using server = await startRedirecting(() => location);
  await using transport = createTransport({ registry: server.url, credentials, ...options });
  return await failureOf(transport.send(requestTo(server.url)));
}

describe('hostile redirects: a redirect', () => {
  it('within the registry is followed with credentials', async () => {
    await using server = await startRedirecting(({ url }) => (url === '/there' ? '' : '/there'));
    await using transport = createTransport({ registry: server.url, credentials });
    const answer = await transport.send(requestTo(new URL('/here', server.url)));
    expect(await text(answer.body)).toBe('content');
    expect(answer.url.pathname).toBe('/there');
  });

  it('to another origin is followed without credentials, whatever that asks for (CVE-2020-15157)', async () => {
    await using other = await startServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="give me all"' }).end(),
    );
    await using server = await startRedirecting(() => `${other.url.origin}/blob?signature=x`);
    await using transport = createTransport({ registry: server.url, credentials });
    const headers = { Authorization: 'Bearer by-mistake', Cookie: 'c=1', Accept: '*/*' };
    const failure = await failureOf(transport.send(requestTo(server.url, { headers })));
    expect(failure).toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
    expect(failure.message).not.toContain('signature');
    expect(other.requests).toHaveLength(1);
    const [seen] = other.requests;
    expect(Object.keys(seen?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  it('back from another origin is followed without credentials (CVE-2024-45336)', async () => {
    await using server = await startRedirecting(({ url }) =>
      url === '/start' ? `${other.url.origin}/` : '',
    );
    await using other = await startServer((_request, response) =>
      response.writeHead(307, { location: `${server.url.origin}/secret` }).end(),
    );
    await using transport = createTransport({ registry: server.url, credentials });
    const sending = transport.send(requestTo(new URL('/start', server.url)));
    await expect(sending).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    const last = server.requests.at(-1);
    expect(last?.url).toBe('/secret');
    expect(last?.headers.authorization).toBeUndefined();
  });

  it('to a URL that the caller gave is no matter for credentials', async () => {
    await using other = await startServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    const registry = new URL('http://localhost:1');
    await using transport = createTransport({ registry, credentials });
    await expect(transport.send(requestTo(other.url))).rejects.toMatchObject({ status: 401 });
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  for (const status of [301, 302, 307, 308]) {
    it(`${status} repeats method and body`, async () => {
      await using other = await startServer((_request, response) => response.end());
      await using server = await startRedirecting(() => other.url.href, status);
      await using transport = createTransport({ registry: server.url, credentials });
      const body = async function* () {
        yield Buffer.from('content');
      };
      await transport.send(requestTo(server.url, { method: 'PUT', body }));
      expect(other.requests).toMatchObject([{ method: 'PUT', body: 'content' }]);
    });
  }

  it('303 asks by GET, without a body', async () => {
    await using other = await startServer((_request, response) => response.end());
    await using server = await startRedirecting(() => other.url.href, 303);
    await using transport = createTransport({ registry: server.url, credentials });
    const headers = { 'Content-Type': 'a/b' };
    const body = Buffer.from('content');
    await transport.send(requestTo(server.url, { method: 'POST', headers, body }));
    expect(other.requests).toMatchObject([{ method: 'GET', body: '' }]);
    expect(other.requests[0]?.headers['content-type']).toBeUndefined();
  });

  it('of a body that can be sent once only is an error', async () => {
    await using server = await startRedirecting(() => '/there');
    await using transport = createTransport({ registry: server.url, credentials });
    const once = (async function* () {
      yield Buffer.from('content');
    })();
    const sending = transport.send(requestTo(server.url, { method: 'PUT', body: once }));
    await expect(sending).rejects.toThrow('can be sent once only');
  });

  it('is the answer when it is not to be followed', async () => {
    await using server = await startRedirecting(() => '/there');
    await using transport = createTransport({ registry: server.url, credentials });
    const answer = await transport.send(requestTo(server.url, { followRedirects: false }));
    expect([answer.status, answer.headers.get('Location')]).toEqual([307, '/there']);
  });

  it('in a circle ends with RESPONSE_INVALID', async () => {
    await using server = await startRedirecting(({ url }) => (url === '/a' ? '/b' : '/a'));
    await using transport = createTransport({
      registry: server.url,
      credentials,
      maximumRedirects: 5,
    });
    const sending = transport.send(requestTo(new URL('/a', server.url)));
    await expect(sending).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
    // The first one asked for the password.
    expect(server.requests).toHaveLength(1 + 6);
  });

  for (const location of [
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://0xa9fea9fe/',
    'http://100.100.100.200/',
  ]) {
    it(`to ${location} is RESPONSE_INVALID`, async () => {
      expect(await failureOfLocation(location)).toMatchObject({ code: 'RESPONSE_INVALID' });
    });
  }

  it('without a place is RESPONSE_INVALID', async () => {
    await using server = await startServer((_request, response) => response.writeHead(307).end());
    await using transport = createTransport({ registry: server.url });
    await expect(transport.send(requestTo(server.url))).rejects.toMatchObject({
      code: 'RESPONSE_INVALID',
    });
  });

  it('of a public registry does not lead to this machine or its network', async () => {
    // A proxy on this machine stands for the whole network, in which the registry is far away.
    await using proxy = await startServer((request, response) =>
      response
        .writeHead(307, { location: new URL(request.url).searchParams.get('to') ?? '' })
        .end(),
    );
    const registry = new URL('http://203.0.113.7');
    await using transport = createTransport({
      registry,
      insecure: true,
      proxy: proxy.url,
      trustedRedirects: ['http://10.0.0.9'],
      maximumRedirects: 1,
    });
    const lead = (to: string) =>
      failureOf(transport.send(requestTo(new URL(`/?to=${encodeURIComponent(to)}`, registry))));
    for (const to of [
      'http://127.0.0.1/',
      'http://localhost/',
      'http://a.localhost./',
      'http://10.0.0.8/',
      'http://192.168.1.1/',
      'http://[fc00::1]/',
      'http://[::ffff:10.0.0.8]/',
      'http://0/',
    ]) {
      expect((await lead(to)).message).toContain('nearer to this machine');
    }
    // These get as far as the proxy, which sends them on once too often.
    for (const to of ['http://10.0.0.9/', 'http://203.0.113.8/']) {
      expect((await lead(to)).message).toMatch(/redirects/);
    }
  });
});
