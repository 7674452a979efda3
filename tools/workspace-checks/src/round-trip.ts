import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

const SIZE = 1_000_000;

/** Pushes a blob to a registry and pulls it again. @throws AssertionError when it does not come back. */
export async function pushAndPullBlob(registry: string): Promise<void> {
  const content = randomBytes(SIZE);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;

  const begun = await fetch(`${registry}/v2/consumer/sample/blobs/uploads/`, { method: 'POST' });
  assert.equal(begun.status, 202);
  const location = new URL(begun.headers.get('location') ?? '', registry);
  location.searchParams.set('digest', digest);
  const pushed = await fetch(location, { method: 'PUT', body: content });
  assert.equal(pushed.status, 201);

  const pulled = await fetch(`${registry}/v2/consumer/sample/blobs/${digest}`);
  assert.equal(pulled.status, 200);
  assert.deepEqual(Buffer.from(await pulled.arrayBuffer()), content);
}
