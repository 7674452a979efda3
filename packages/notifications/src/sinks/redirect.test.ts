import { describe, expect, it } from 'vitest';
import { resolveEndpoint, type EndpointOptions } from '../endpoint.ts';
import { DeliveryError } from '../errors.ts';
import { EndpointServer, type Answer } from '../fixtures/endpoint-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { sampleNotification } from '../fixtures/notifications.ts';
import { HttpSink } from './http.ts';
import { followRedirect } from './redirect.ts';

const { signal } = new AbortController();

async function post(
  url: string,
  options: Partial<EndpointOptions> = {},
): Promise<DeliveryError | undefined> {
  const endpoint = resolveEndpoint({ name: 'e', url, timeoutMs: 5000, ...options });
  const sink = new HttpSink(endpoint, { clock: new ManualClock(), observer: () => {} });
  try {
    await sink.write(sampleNotification(1), { signal });
    return undefined;
  } catch (error) {
    if (!DeliveryError.is(error)) throw error;
    return error;
  } finally {
    await sink.close();
  }
}

/** Answers at `/events` with a redirect to a location, and elsewhere as is said. */
function redirecting(status: number, location: string, elsewhere: Answer): Answer {
  return (request, response) => {
    if (request.url !== '/events') return elsewhere(request, response);
    response.writeHead(status, { location }).end();
  };
}

const accept: Answer = (_, response) => void response.end('thanks');

describe('hostile redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'within the origin are followed with the event: %i',
    async (code) => {
      await using server = await EndpointServer.listen(redirecting(code, '/events/', accept));
      expect(await post(server.url, { secret: 's', headers: { 'X-Key': ['k'] } })).toBeUndefined();
      const [first, second] = server.received;
      expect(second).toMatchObject({ method: 'POST', path: '/events/', body: first?.body });
      expect(second?.headers).toMatchObject({
        'x-key': 'k',
        'x-purser-timestamp': expect.any(String),
      });
    },
  );

  it.each([301, 302, 303, 307, 308])(
    'to another origin get nothing, and the event is not delivered: %i',
    async (code) => {
      await using other = await EndpointServer.listen();
      await using server = await EndpointServer.listen(redirecting(code, other.url, accept));
      const error = await post(server.url, { secret: 's', headers: { 'X-Key': ['k'] } });
      expect(error).toMatchObject({ code: 'DELIVERY_REFUSED', status: code });
      expect(error?.message).toContain(
        `another origin: configure its URL at ${new URL(other.url).origin}`,
      );
      expect(other.received).toEqual([]);
    },
  );

  it.each(['text/html', 'text/html; charset=utf-8', 'application/xhtml+xml'])(
    'to a login page do not count as delivered: %s',
    async (type) => {
      const login: Answer = (_, response) =>
        void response.writeHead(200, { 'content-type': type }).end('<form>');
      await using server = await EndpointServer.listen(redirecting(302, '/login', login));
      const error = await post(server.url);
      expect(error).toMatchObject({ code: 'DELIVERY_REFUSED', status: 200 });
      expect(error?.message).toContain('a page for people');
    },
  );

  it('do not matter to an endpoint that answers with HTML at once', async () => {
    await using server = await EndpointServer.listen((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('ok'),
    );
    expect(await post(server.url)).toBeUndefined();
  });

  it('in a circle, or to nowhere, end', async () => {
    await using circle = await EndpointServer.listen(redirecting(307, '/events', accept));
    expect((await post(circle.url))?.message).toContain('too many redirects');
    expect(circle.received).toHaveLength(11);
    await using nowhere = await EndpointServer.listen(
      (_, response) => void response.writeHead(307).end(),
    );
    expect((await post(nowhere.url))?.message).toContain('redirects to nowhere');
  });

  it('may go from http to https on one host, and nowhere else', () => {
    const follow = (from: string, to: string) => String(followRedirect(new URL(from), to));
    expect(follow('http://a.example/x', 'https://u:p@a.example/y')).toBe('https://a.example/y');
    for (const [from, to] of [
      ['https://a.example/x', 'http://a.example/x'],
      ['http://a.example/x', 'https://a.example:8443/x'],
      ['http://a.example:8080/x', 'https://a.example/x'],
      ['http://a.example/x', 'https://b.example/x'],
      ['http://a.example/x', '//b.example/x'],
      ['http://a.example/x', 'file:///etc/passwd'],
    ] as const) {
      expect(follow(from, to)).toMatch(/^it redirects to another origin/);
    }
  });
});
