import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { expect, it } from 'vitest';
import { openRawConnection } from '../../../fixtures/raw-connection.ts';
import { startRegistry } from '../../../start-registry.ts';

/** @returns The status. */
async function ask(session: ClientHttp2Session): Promise<number> {
  const stream = session.request({ ':path': '/v2/' });
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
  stream.resume();
  await once(stream, 'close');
  return headers[':status'];
}

it('connections of HTTP/2 are idle between requests, and go when there are too many', async () => {
  await using registry = await startRegistry({
    http: { h2c: { enabled: true }, limits: { connections: 2 } },
  });
  const sessions = [connect(registry.url), connect(registry.url)];
  const [first, second] = sessions as [ClientHttp2Session, ClientHttp2Session];
  const ends = sessions.map((session) => once(session, 'close'));
  for (const session of sessions) session.on('error', () => {});
  // Many requests that are over must not stand for the connections that they came on.
  for (let count = 0; count < 20; count++) {
    expect([await ask(first), await ask(second)]).toEqual([200, 200]);
  }
  expect(await ask(first)).toBe(200);
  // The second has been idle for longer than the first.
  using newcomer = await openRawConnection(registry.url);
  newcomer.send('GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n');
  await ends[1];
  await expect.poll(() => newcomer.received).toContain('HTTP/1.1 200 ');
  expect([first.closed, second.closed]).toEqual([false, true]);
  expect(await ask(first)).toBe(200);
  first.close();
  await ends[0];
});
