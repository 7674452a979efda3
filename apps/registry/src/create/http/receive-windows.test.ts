import { describe, expect, it, vi } from 'vitest';
import { answerOf, Http2Client } from '../../fixtures/http2-client.ts';
import { startRegistry } from '../../start-registry.ts';
import { READING_WINDOW, UNREAD_WINDOW } from './receive-windows.ts';

const MEBIBYTE = 1024 * 1024;

async function beginUpload(client: Http2Client): Promise<string> {
  const { headers } = await client.ask('POST', '/v2/a/blobs/uploads/');
  return new URL(headers.location!).pathname;
}

const windowOf = ({ session }: Http2Client) => session.remoteSettings.initialWindowSize;

/** Bytes that have left the client. */
const sentBy = ({ session }: Http2Client) => session.socket.bytesWritten;

describe('the receive window of HTTP/2', () => {
  it('is small for a body that waits for its upload, so that places held by slow clients cost little', async () => {
    await using registry = await startRegistry({ http: { h2c: { enabled: true } } });
    using holder = await Http2Client.open(registry.url);
    const path = await beginUpload(holder);
    const holding = holder.begin('PATCH', path);
    holding.write('x');
    await holder.ping();
    using waiting = await Http2Client.open(registry.url);
    const answer = answerOf(waiting.begin('PATCH', path).end(Buffer.alloc(4 * MEBIBYTE)));
    for (let count = 0; count < 20; count++) await waiting.ping();
    expect(sentBy(waiting)).toBeLessThan(2 * UNREAD_WINDOW);
    holding.end();
    expect((await answer).status).toBe(202);
    expect(sentBy(waiting)).toBeGreaterThan(4 * MEBIBYTE);
  });

  it('is large while a body is read, and small again afterwards', async () => {
    await using registry = await startRegistry({ http: { h2c: { enabled: true } } });
    using client = await Http2Client.open(registry.url);
    expect(windowOf(client)).toBe(UNREAD_WINDOW);
    const streams = [await beginUpload(client), await beginUpload(client)].map((path) => {
      const stream = client.begin('PATCH', path);
      stream.write('x');
      return stream;
    });
    await vi.waitFor(() => expect(windowOf(client)).toBe(READING_WINDOW));
    const answers = streams.map(answerOf);
    streams[0]!.end();
    await answers[0];
    expect(windowOf(client)).toBe(READING_WINDOW);
    streams[1]!.close();
    await vi.waitFor(() => expect(windowOf(client)).toBe(UNREAD_WINDOW));
  });

  it('keeps up with uploads that follow each other', async () => {
    await using registry = await startRegistry({ http: { h2c: { enabled: true } } });
    using client = await Http2Client.open(registry.url);
    const path = await beginUpload(client);
    for (let count = 1; count <= 30; count++) {
      const stream = client.begin('PATCH', path).end(Buffer.alloc(200_000));
      const { status, headers } = await answerOf(stream);
      expect([status, headers['range']]).toEqual([202, `0-${count * 200_000 - 1}`]);
    }
  });
});
