import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { needPrograms } from '@purser/external-programs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCertificate } from '../fixtures/certificate.ts';
import { failureOf } from '../fixtures/failure-of.ts';
import { startServer } from '../fixtures/recording-server.ts';
import { createTransport } from './create-transport.ts';
import type { TransportRequest } from './transport.ts';

const openssl = needPrograms('openssl');
const ONCE = { retries: { attempts: 1 } };

function get(url: URL): TransportRequest {
  return { method: 'GET', url, scopes: [], expect: [200] };
}

describe.skipIf(openssl.isUnmet)(`TLS${openssl.note}`, () => {
  it('trusts the authorities of Node and those that are given', async () => {
    const { certificate: cert, key } = await createCertificate();
    await using server = await startServer((_request, response) => response.end('content'), {
      cert,
      key,
    });
    const ask = async (options: object) => {
      await using transport = createTransport({ registry: server.url, ...ONCE, ...options });
      return await transport.send(get(server.url)).then(({ body }) => text(body));
    };
    const failure = await failureOf(ask({}));
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: false });
    expect(failure.message).toMatch(/^no TLS connection to https:.*: self-signed certificate/);
    expect(await ask({ tls: { ca: cert } })).toBe('content');
    expect(await ask({ tls: { ca: [Buffer.from(cert)] } })).toBe('content');
    expect(await ask({ insecure: true })).toBe('content');
  });

  it('does not take any certificate of others than the registry', async () => {
    const { certificate: cert, key } = await createCertificate();
    await using other = await startServer((_request, response) => response.end(), { cert, key });
    await using registry = await startServer((_request, response) =>
      response.writeHead(307, { location: other.url.href }).end(),
    );
    await using transport = createTransport({ registry: registry.url, insecure: true, ...ONCE });
    const failure = await failureOf(transport.send(get(registry.url)));
    expect(failure).toMatchObject({ code: 'UNAVAILABLE' });
    expect(other.requests).toEqual([]);
  });

  it('shows the client certificate to the registry and its token server alone', async () => {
    const [ours, theirs] = [await createCertificate(), await createCertificate()];
    const shown: string[] = [];
    const settings = {
      cert: theirs.certificate,
      key: theirs.key,
      requestCert: true,
      rejectUnauthorized: false,
    };
    const note = (name: string, socket: unknown) => {
      const subject = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      shown.push(`${name}: ${subject === undefined ? 'no' : 'a'} certificate`);
    };
    await using other = await startServer((_request, response) => {
      note('other', response.socket);
      return response.end('content');
    }, settings);
    await using tokens = await startServer((_request, response) => {
      note('token server', response.socket);
      return response.end('{"token":"t"}');
    }, settings);
    await using registry = await startServer(({ headers }, response) => {
      note('registry', response.socket);
      if (headers.authorization === 'Bearer t') {
        return response.writeHead(307, { location: other.url.href }).end();
      }
      const challenge = `Bearer realm="${tokens.url.origin}/token"`;
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    }, settings);
    await using transport = createTransport({
      registry: registry.url,
      tls: { ca: theirs.certificate, certificate: ours.certificate, key: ours.key },
      ...ONCE,
    });
    await transport.send(get(registry.url));
    expect(shown).toEqual([
      'registry: a certificate',
      'token server: a certificate',
      'registry: a certificate',
      'other: no certificate',
    ]);
  });

  it('goes through a proxy from end to end', async () => {
    const { certificate: cert, key } = await createCertificate();
    await using server = await startServer((_request, response) => response.end('content'), {
      cert,
      key,
    });
    await using proxy = await startProxy();
    await using transport = createTransport({
      registry: server.url,
      tls: { ca: cert },
      proxy: proxy.url.replace('//', '//user:password@'),
    });
    expect(await text((await transport.send(get(server.url))).body)).toBe('content');
    const basic = `Basic ${Buffer.from('user:password').toString('base64')}`;
    expect(proxy.seen).toEqual([`CONNECT ${server.url.host} ${basic}`]);
  });
});

describe('a proxy', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('is asked for everything', async () => {
    await using server = await startServer((_request, response) => response.end('content'));
    await using proxy = await startProxy();
    await using transport = createTransport({ registry: server.url, proxy: new URL(proxy.url) });
    expect(await text((await transport.send(get(server.url))).body)).toBe('content');
    expect(proxy.seen).toHaveLength(1);
  });

  it('is that of the environment when that is wanted', async () => {
    await using server = await startServer((_request, response) => response.end('content'));
    await using proxy = await startProxy();
    for (const name of ['http_proxy', 'HTTP_PROXY']) vi.stubEnv(name, proxy.url);
    const ask = async (noProxy: string, options: object) => {
      for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, noProxy);
      await using transport = createTransport({ registry: server.url, ...options });
      await transport.send(get(server.url));
      return proxy.seen.length;
    };
    expect(await ask('', {})).toBe(0);
    expect(await ask('127.0.0.1', { proxy: 'environment' })).toBe(0);
    expect(await ask('', { proxy: 'environment' })).toBe(1);
  });

  it('that refuses is UNAVAILABLE, and its password is not told', async () => {
    await using proxy = await startServer((_request, response) => response.writeHead(407).end());
    const url = proxy.url.href.replace('//', '//user:secret@');
    const registry = new URL('https://registry.test');
    await using transport = createTransport({ registry, proxy: url, ...ONCE });
    const failure = await failureOf(transport.send(get(registry)));
    expect(failure).toMatchObject({ code: 'UNAVAILABLE' });
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain('secret');
  });
});

/** A proxy on loopback that says what it was asked for. */
async function startProxy() {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const { method, headers, url = '' } = incoming;
    const onward = httpRequest(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url} ${incoming.headers['proxy-authorization']}`);
    const [host, port] = (incoming.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const each of [socket, onward]) each.on('error', () => onward.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
