import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { resolveEndpoint, type EndpointOptions } from '../endpoint.ts';
import { DeliveryError } from '../errors.ts';
import { EndpointServer, type Answer } from '../fixtures/endpoint-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { sampleNotification } from '../fixtures/notifications.ts';
import type { NotifierReport } from '../observer.ts';
import { HttpSink } from './http.ts';

const { signal } = new AbortController();

/** Posts one event, and gives what came of it: the error, if there was one. */
async function post(url: string, options: Partial<EndpointOptions> = {}) {
  const reports: NotifierReport[] = [];
  const endpoint = resolveEndpoint({ name: 'e', url, timeoutMs: 5000, ...options });
  const observer = (report: NotifierReport) => void reports.push(report);
  const sink = new HttpSink(endpoint, { clock: new ManualClock(), observer });
  try {
    await sink.write(sampleNotification(1), { signal });
    return { reports, error: undefined };
  } catch (error) {
    if (!DeliveryError.is(error)) throw error;
    return { reports, error };
  } finally {
    await sink.close();
  }
}

function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_, response) => void response.writeHead(code, headers).end('thanks');
}

describe('HttpSink', () => {
  it('posts one event in the envelope of distribution', async () => {
    await using server = await EndpointServer.listen();
    const { reports } = await post(server.url);
    const [request] = server.received;
    expect(request?.method).toBe('POST');
    expect(request?.headers['content-type']).toBe(
      'application/vnd.docker.distribution.events.v2+json',
    );
    expect(server.events).toEqual([sampleNotification(1).event]);
    expect(reports).toEqual([{ kind: 'delivered', endpoint: 'e', status: 200 }]);
  });

  it('posts a CloudEvent where one is wanted', async () => {
    await using server = await EndpointServer.listen();
    await post(server.url, { envelope: 'cloudevents' });
    const [request] = server.received;
    expect(request?.headers['content-type']).toBe('application/cloudevents+json');
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ specversion: '1.0', id: 'id-1' });
  });

  it.each([200, 204, 304, 399])('takes %i for success', async (code) => {
    await using server = await EndpointServer.listen(status(code));
    expect((await post(server.url)).error).toBeUndefined();
  });

  it.each([400, 404, 429, 500, 503])('takes %i for a refusal', async (code) => {
    await using server = await EndpointServer.listen(status(code));
    expect((await post(server.url)).error).toMatchObject({
      code: 'DELIVERY_REFUSED',
      status: code,
      endpoint: 'e',
    });
  });

  it('gives up waiting for an answer', async () => {
    await using server = await EndpointServer.listen(() => {});
    const { error } = await post(server.url, { timeoutMs: 20 });
    expect(error).toMatchObject({ code: 'DELIVERY_TIMED_OUT' });
  });

  it('gives up waiting for the end of an answer', async () => {
    await using server = await EndpointServer.listen((_, response) => void response.write('a'));
    const { error } = await post(server.url, { timeoutMs: 20 });
    expect(error).toMatchObject({ code: 'DELIVERY_TIMED_OUT' });
  });

  it('does not read an answer without an end', async () => {
    await using server = await EndpointServer.listen((_, response) => {
      response.write(Buffer.alloc(256 * 1024));
    });
    expect((await post(server.url)).error).toBeUndefined();
  });

  it('fails when the connection is cut, and when nobody listens', async () => {
    await using server = await EndpointServer.listen(({ socket }) => void socket.destroy());
    expect((await post(server.url)).error).toMatchObject({ code: 'DELIVERY_FAILED' });
    const { url } = await EndpointServer.listen().then(async (gone) => {
      const closed = { url: gone.url };
      await gone[Symbol.asyncDispose]();
      return closed;
    });
    expect((await post(url)).error).toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('rejects with the reason of its signal, which is no failure of the endpoint', async () => {
    const controller = new AbortController();
    await using server = await EndpointServer.listen(() => controller.abort(new Error('closed')));
    const endpoint = resolveEndpoint({ name: 'e', url: server.url });
    const sink = new HttpSink(endpoint, { clock: new ManualClock(), observer: () => {} });
    await expect(sink.write(sampleNotification(1), controller)).rejects.toThrow('closed');
    await sink.close();
  });

  it('keeps its connection', async () => {
    await using server = await EndpointServer.listen();
    const sockets = new Set<unknown>();
    server.answer = ({ socket }, response) => {
      sockets.add(socket);
      response.end('thanks');
    };
    const endpoint = resolveEndpoint({ name: 'e', url: server.url });
    const sink = new HttpSink(endpoint, { clock: new ManualClock(), observer: () => {} });
    for (const number of [1, 2, 3]) await sink.write(sampleNotification(number), { signal });
    await sink.close();
    expect(sockets.size).toBe(1);
  });

  it('sends the headers of the endpoint, each with its values', async () => {
    await using server = await EndpointServer.listen();
    await post(server.url, { headers: { Authorization: ['Bearer x'], 'X-Tag': ['a', 'b'] } });
    expect(server.received[0]?.headers).toMatchObject({
      authorization: 'Bearer x',
      'x-tag': 'a, b',
      'content-type': 'application/vnd.docker.distribution.events.v2+json',
    });
  });

  it.each(['distribution', 'cloudevents'] as const)(
    'replaces the media type of the envelope %s by the one of the headers',
    async (envelope) => {
      await using server = await EndpointServer.listen();
      const mediaType = 'application/vnd.docker.distribution.events.v1+json';
      await post(server.url, { envelope, headers: { 'content-type': [mediaType] } });
      expect(server.received[0]?.headers['content-type']).toBe(mediaType);
    },
  );

  it('replaces the password of the URL by the authorization of the headers', async () => {
    await using server = await EndpointServer.listen();
    const url = server.url.replace('//', '//user:password@');
    await post(url, { headers: { authorization: ['Bearer x'] } });
    expect(server.received[0]?.headers.authorization).toBe('Bearer x');
  });

  it('keeps the signature when the headers have one of the same name', async () => {
    await using server = await EndpointServer.listen();
    await post(server.url, { secret: 'hush', headers: { 'X-Purser-Signature': ['sha256=00'] } });
    expect(server.received[0]?.headers['x-purser-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  it('sends user name and password of the URL as Basic authorization', async () => {
    await using server = await EndpointServer.listen();
    await post(server.url.replace('//', '//us%20er:p%40ss@'));
    const expected = Buffer.from('us er:p@ss').toString('base64');
    expect(server.received[0]?.headers.authorization).toBe(`Basic ${expected}`);
  });

  it('signs the time and the body', async () => {
    await using server = await EndpointServer.listen();
    await post(server.url, { secret: 'hush' });
    const [request] = server.received;
    const timestamp = String(Math.floor(new ManualClock().now() / 1000));
    const expected = createHmac('sha256', 'hush')
      .update(`${timestamp}.${request?.body ?? ''}`)
      .digest('hex');
    expect(request?.headers).toMatchObject({
      'x-purser-timestamp': timestamp,
      'x-purser-signature': `sha256=${expected}`,
    });
  });

  it('tells no secret in an error', async () => {
    await using server = await EndpointServer.listen(({ socket }) => void socket.destroy());
    const { error } = await post(server.url.replace('//', '//user:hush-password@'), {
      headers: { 'X-Token': ['hush-header'] },
      secret: 'hush-secret',
    });
    expect(error).toMatchObject({ code: 'DELIVERY_FAILED' });
    expect(JSON.stringify(error) + String(error?.stack)).not.toContain('hush');
    expect(error?.cause).toBeUndefined();
  });
});
