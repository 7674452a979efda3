import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { digestOf, IMAGE_MANIFEST, imageManifest } from '@purser/registry-under-test';

const SIZE = 1_000_000;
const REPOSITORY = 'consumer/sample';

/** Pushes a blob to a registry and pulls it again. @throws AssertionError when it does not come back. */
export async function pushAndPullBlob(registry: string): Promise<void> {
  const content = randomBytes(SIZE);
  await pushBlob(registry, content);
  await pullBlob(registry, content);
}

/** An image as it was pushed. */
export interface PushedImage {
  readonly reference: string;
  readonly manifest: Buffer;
  readonly blobs: readonly Buffer[];
}

/** Pushes an image of two layers. @throws AssertionError when the registry does not take it. */
export async function pushImage(registry: string, tag: string): Promise<PushedImage> {
  const configuration = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' } };
  const config = Buffer.from(JSON.stringify(configuration));
  const layers = [randomBytes(SIZE), randomBytes(7)];
  const describe = (content: Buffer) => ({
    seed: 0,
    digest: digestOf(content),
    size: content.byteLength,
  });
  const manifest = imageManifest(describe(config), layers.map(describe)).payload;
  const blobs = [config, ...layers];
  for (const blob of blobs) await pushBlob(registry, blob);
  const url = `${registry}/v2/${REPOSITORY}/manifests/${tag}`;
  const headers = { 'content-type': IMAGE_MANIFEST };
  const pushed = await fetch(url, { method: 'PUT', headers, body: Buffer.from(manifest) });
  assert.equal(pushed.status, 201);
  return { reference: tag, manifest, blobs };
}

/** Pulls an image by its tag and its digest, and finds it in the lists. @throws AssertionError when it is not as it was. */
export async function pullImage(
  registry: string,
  { reference, manifest, blobs }: PushedImage,
): Promise<void> {
  for (const name of [reference, digestOf(manifest)]) {
    const url = `${registry}/v2/${REPOSITORY}/manifests/${name}`;
    const pulled = await fetch(url, { headers: { accept: IMAGE_MANIFEST } });
    assert.equal(pulled.status, 200);
    assert.deepEqual(Buffer.from(await pulled.arrayBuffer()), manifest);
  }
  for (const blob of blobs) await pullBlob(registry, blob);
  const catalog = (await (await fetch(`${registry}/v2/_catalog`)).json()) as object;
  assert.deepEqual(catalog, { repositories: [REPOSITORY] });
  const tags = (await (await fetch(`${registry}/v2/${REPOSITORY}/tags/list`)).json()) as object;
  assert.deepEqual(tags, { name: REPOSITORY, tags: [reference] });
}

async function pushBlob(registry: string, content: Buffer): Promise<void> {
  const uploads = `${registry}/v2/${REPOSITORY}/blobs/uploads/`;
  const begun = await fetch(uploads, { method: 'POST' });
  assert.equal(begun.status, 202);
  const location = new URL(begun.headers.get('location') ?? '', registry);
  location.searchParams.set('digest', digestOf(content));
  const pushed = await fetch(location, { method: 'PUT', body: Buffer.from(content) });
  assert.equal(pushed.status, 201);
}

async function pullBlob(registry: string, content: Buffer): Promise<void> {
  const pulled = await fetch(`${registry}/v2/${REPOSITORY}/blobs/${digestOf(content)}`);
  assert.equal(pulled.status, 200);
  assert.deepEqual(Buffer.from(await pulled.arrayBuffer()), content);
}
