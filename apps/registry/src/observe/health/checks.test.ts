import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { checkFile, checkHttp, checkStorage, checkTcp } from './checks.ts';

async function listen(server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => void server.close() };
}

async function serve(handle: RequestListener) {
  const server = createServer(handle);
  const { port } = await listen(server);
  const close = () => server.close().closeAllConnections();
  return { url: `http://127.0.0.1:${port}/up`, [Symbol.dispose]: close };
}

const HOW = { headers: {}, statuscode: 200, timeout: 5000 };

describe('the check of a file', () => {
  it('fails while the file is there', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'down');
    await checkFile(path);
    await writeFile(path, '');
    await expect(checkFile(path)).rejects.toThrow('file exists');
    await checkFile(join(path, 'below'));
  });
});

describe('the check by HTTP', () => {
  it('asks by HEAD with the headers, and follows redirects', async () => {
    const asked: unknown[] = [];
    using server = await serve(({ method, url, headers }, response) => {
      asked.push([method, url, headers['x-probe'], headers.authorization]);
      if (url === '/up') response.writeHead(307, { Location: '/real' }).end();
      else response.end();
    });
    const url = server.url.replace('//', '//user:p%40ss@');
    await checkHttp(url, { ...HOW, headers: { 'X-Probe': ['a', 'b'] } });
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(asked).toEqual([
      ['HEAD', '/up', 'a, b', authorization],
      ['HEAD', '/real', 'a, b', authorization],
    ]);
  });

  it('is sent on by hostile redirects without the headers, and not without end', async () => {
    const asked: unknown[] = [];
    using other = await serve(({ headers }, response) => {
      asked.push([headers['x-probe'], headers.authorization]);
      response.end();
    });
    using server = await serve((_, response) =>
      response.writeHead(302, { Location: other.url }).end(),
    );
    const url = server.url.replace('//', '//user:pass@');
    await checkHttp(url, { ...HOW, headers: { 'X-Probe': ['a'] } });
    expect(asked).toEqual([[undefined, undefined]]);
    using circle = await serve((_, response) => response.writeHead(307, { Location: '/' }).end());
    await expect(checkHttp(circle.url, HOW)).rejects.toThrow('too many redirects');
  });

  it('fails with the status that is not the one it waits for', async () => {
    using server = await serve((_, response) => void response.writeHead(204).end());
    await checkHttp(server.url, { ...HOW, statuscode: 204 });
    await expect(checkHttp(server.url, HOW)).rejects.toThrow('unexpected status: 204');
  });

  it('fails when there is no answer, in time or at all', async () => {
    using silent = await serve(() => {});
    await expect(checkHttp(silent.url, { ...HOW, timeout: 20 })).rejects.toThrow(/no answer/);
    const { port } = await listen(createTcpServer()).then((server) => {
      server[Symbol.dispose]();
      return server;
    });
    await expect(checkHttp(`http://127.0.0.1:${port}/`, HOW)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the check by TCP', () => {
  it('needs somebody who accepts connections', async () => {
    using server = await listen(createTcpServer((socket) => socket.destroy()));
    await checkTcp({ host: '127.0.0.1', port: server.port }, 5000);
    server[Symbol.dispose]();
    await expect(checkTcp({ host: '127.0.0.1', port: server.port }, 5000)).rejects.toThrow(
      'no connection: ECONNREFUSED',
    );
  });
});

describe('the check of storage', () => {
  it('needs an answer, and that in time', async () => {
    const driver = new MemoryDriver();
    await checkStorage(driver, 5000);
    driver.stat = () => new Promise(() => {});
    await expect(checkStorage(driver, 20)).rejects.toThrow('within 20 ms');
    driver.stat = () => Promise.reject(new Error('input/output error'));
    await expect(checkStorage(driver, 5000)).rejects.toThrow('input/output error');
  });
});
