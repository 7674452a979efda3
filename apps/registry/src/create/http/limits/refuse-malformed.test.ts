import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openRawConnection } from '../../../fixtures/raw-connection.ts';
import { Connections } from '../connections.ts';
import { refuseMalformed } from './refuse-malformed.ts';

describe('headers without an end', () => {
  it('are not read on while their refusal waits', async () => {
    await using server = createServer({ maxHeaderSize: 1024 });
    const connections = new Connections(server);
    refuseMalformed(server, connections);
    let refusals = 0;
    let read = 0;
    server.on('clientError', () => {
      refusals++;
      const { bytesRead } = socket;
      // Before the refusal is sent.
      setTimeout(() => (read = socket.bytesRead - bytesRead), 50);
    });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    using connection = await openRawConnection(`http://127.0.0.1:${port}`);
    const [socket] = await accepted;
    connection.send('GET /v2/ HTTP/1.1\r\n');
    connection.send('X: y\r\n'.repeat(2_000_000));
    // The answer may be lost: beyond a bound, nothing is read any more.
    expect(await connection.readToEnd()).toMatch(/^(?:HTTP\/1\.1 431 |$)/);
    expect(refusals).toBe(1);
    expect(read).toBe(0);
  });
});
