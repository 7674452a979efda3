import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createManifestDecoder, digestOf } from '@purser/core';
import { createMemoryRegistry, sampleFormats } from '@purser/core/testing';
import type { RegistryApiOptions } from '@purser/http-api';
import { describe, expect, it } from 'vitest';
import { createExpressProgram } from './express.ts';
import { createFastifyProgram } from './fastify.ts';
import { createHonoProgram } from './hono.ts';
import { createKoaProgram } from './koa.ts';

const REPOSITORY = '/registry/v2/team/app';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

async function fastifyListener(options: RegistryApiOptions): Promise<RequestListener> {
  const app = createFastifyProgram(options);
  await app.ready();
  return (request, response) => app.routing(request, response);
}

const PROGRAMS: Readonly<
  Record<string, (options: RegistryApiOptions) => RequestListener | Promise<RequestListener>>
> = {
  Koa: (options) => createKoaProgram(options).callback(),
  'Express 5': createExpressProgram,
  'Fastify 5': fastifyListener,
  Hono: (options) => getRequestListener(createHonoProgram(options).fetch),
};

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Pushes a blob: its content as one PATCH without a length, then a PUT to where the server said. */
async function pushBlob(url: string, content: Buffer): Promise<void> {
  const begun = await fetch(`${url}${REPOSITORY}/blobs/uploads/`, { method: 'POST' });
  expect(begun.headers.get('location')).toMatch(`${url}${REPOSITORY}/blobs/uploads/`);
  const body = new Blob([Buffer.from(content)]).stream();
  const patch = { method: 'PATCH', body, duplex: 'half' as const };
  const sent = await fetch(begun.headers.get('location')!, patch);
  expect(sent.status).toBe(202);
  const end = new URL(sent.headers.get('location')!);
  end.searchParams.set('digest', digestOf(content));
  const done = await fetch(end, { method: 'PUT' });
  expect(done.status).toBe(201);
  expect(done.headers.get('location')).toBe(`${url}${REPOSITORY}/blobs/${digestOf(content)}`);
}

async function pushImage(url: string) {
  const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
  const layer = randomBytes(2_000_000);
  for (const blob of [config, layer]) await pushBlob(url, blob);
  const describe = (blob: Buffer, mediaType: string) => ({
    mediaType,
    digest: digestOf(blob),
    size: blob.byteLength,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [describe(layer, 'application/vnd.oci.image.layer.v1.tar')],
  });
  const pushed = await fetch(`${url}${REPOSITORY}/manifests/v1`, {
    method: 'PUT',
    headers: { 'Content-Type': MANIFEST },
    body: manifest,
  });
  expect(pushed.status).toBe(201);
  return { layer, manifest };
}

describe.each(Object.entries(PROGRAMS))('a program of %s', (_, createProgram) => {
  it('serves a registry below a path, beside its own routes', async () => {
    const decoder = createManifestDecoder(sampleFormats);
    await using server = await serve(
      await createProgram({ registry: createMemoryRegistry(), decoder }),
    );
    const { layer, manifest } = await pushImage(server.url);
    const pulled = await fetch(`${server.url}${REPOSITORY}/manifests/v1`);
    expect(await pulled.text()).toBe(manifest);
    const blob = `${server.url}${REPOSITORY}/blobs/${digestOf(layer)}`;
    const head = await fetch(blob, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(layer.byteLength));
    const content = Buffer.from(await (await fetch(blob)).arrayBuffer());
    expect(content.equals(layer)).toBe(true);
    const part = await fetch(blob, { headers: { Range: 'bytes=10-19' } });
    expect(Buffer.from(await part.arrayBuffer()).equals(layer.subarray(10, 20))).toBe(true);
    const tags = await fetch(`${server.url}${REPOSITORY}/tags/list?n=0`);
    expect(tags.status).toBe(200);
    expect((await fetch(`${server.url}/registry/v2/`)).status).toBe(200);
    expect(await (await fetch(server.url)).text()).toBe('hello');
  });

  it('refuses a manifest that is too large', async () => {
    const decoder = createManifestDecoder(sampleFormats);
    await using server = await serve(
      await createProgram({ registry: createMemoryRegistry(), decoder, maximumManifestSize: 1000 }),
    );
    const pushed = await fetch(`${server.url}${REPOSITORY}/manifests/v1`, {
      method: 'PUT',
      headers: { 'Content-Type': MANIFEST },
      body: 'x'.repeat(100_000),
    });
    expect(pushed.status).toBe(413);
  });
});
