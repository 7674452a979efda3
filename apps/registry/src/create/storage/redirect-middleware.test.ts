import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describeDriverConformance } from '@purser/storage-driver/conformance';
import { describe, expect, it } from 'vitest';
import { isRedirectBase, withRedirects } from './redirect-middleware.ts';

const BLOB = '/docker/registry/v2/blobs/sha256/ab/abcd/data';

/** A web server over the files of a driver, below `/files`. */
async function serveFiles(driver: StorageDriver) {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace('/files', '');
    void driver.getContent(path).then(
      (content) => response.setHeader('content-length', content.byteLength).end(content),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => server.close().closeAllConnections();
  return { baseUrl: new URL(`http://127.0.0.1:${port}/files/`), close };
}

describeDriverConformance('with redirects', {
  describe,
  it,
  async createDriver() {
    const files = new MemoryDriver();
    const { baseUrl, close } = await serveFiles(files);
    return { driver: withRedirects(files, baseUrl), cleanUp: close };
  },
  supports: { redirects: true, largeFiles: 'they would have to fit into memory' },
});

describe('withRedirects', () => {
  it.each([
    ['https://cdn.example.org', `https://cdn.example.org${BLOB}`],
    ['https://cdn.example.org/', `https://cdn.example.org${BLOB}`],
    ['http://cdn.example.org:8080/a/b', `http://cdn.example.org:8080/a/b${BLOB}`],
    ['https://cdn.example.org/a//b/../c/', `https://cdn.example.org/a/c${BLOB}`],
    ['https://cdn.example.org/a b/ü', `https://cdn.example.org/a%20b/%C3%BC${BLOB}`],
    ['https://user:secret@cdn.example.org/a?token=1#part', `https://cdn.example.org/a${BLOB}`],
  ])('puts the path below %s', async (baseUrl, expected) => {
    const driver = withRedirects(new MemoryDriver(), new URL(baseUrl));
    for (const method of ['GET', 'HEAD'] as const) {
      expect((await driver.locate(BLOB, { method }))?.href).toBe(expected);
    }
  });
});

describe('isRedirectBase', () => {
  it.each([
    ['https://cdn.example.org/a', true],
    ['http://127.0.0.1:8080', true],
    ['cdn.example.org', false],
    ['//cdn.example.org', false],
    ['https://', false],
    ['/a', false],
    ['ftp://cdn.example.org', false],
    ['', false],
  ])('of %j is %s', (text, isBase) => {
    expect(isRedirectBase(text)).toBe(isBase);
  });
});
