import { digestOf, parseRepositoryName } from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { chunksOf, decoder } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';
import { uploadPaths } from './paths.ts';
import type { PurgeUploadsOptions, UnfinishedUpload } from './upload-purge.ts';

const HOUR = 3_600_000;
const name = parseRepositoryName('a/b');
const content = Buffer.from('half of it');

async function uploadedIn(driver: MemoryDriver) {
  const registry = createRegistry({ driver, decoder });
  const { blobs } = registry.repository(name);
  const writer = await blobs.create();
  await writer.append(chunksOf(content));
  await writer.close();
  return { registry, blobs, id: writer.id };
}

async function collect(entries: AsyncIterable<UnfinishedUpload>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of entries) ids.push(id);
  return ids;
}

/** As it looks when so much time has passed. */
const after = (hours: number, rest: Partial<PurgeUploadsOptions> = {}): PurgeUploadsOptions => ({
  olderThanMs: HOUR,
  now: () => Date.now() + hours * HOUR,
  ...rest,
});

describe('purging uploads', () => {
  it('lists an upload with its size, its start and when it was last active', async () => {
    const { registry, id } = await uploadedIn(new MemoryDriver());
    for await (const upload of registry.uploads()) {
      expect(upload).toMatchObject({ repository: name, id, size: content.byteLength });
      expect(upload.activeAt.getTime()).toBeGreaterThanOrEqual(upload.startedAt!.getTime());
    }
    expect(await collect(registry.uploads())).toEqual([id]);
  });

  it('removes what nobody went on with, and nothing younger', async () => {
    const driver = new MemoryDriver();
    const { registry, blobs, id } = await uploadedIn(driver);
    expect(await collect(registry.purgeUploads(after(0.5)))).toEqual([]);
    expect(await collect(registry.purgeUploads(after(2)))).toEqual([id]);
    await expect(blobs.uploadStatus(id)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' });
    expect(await driver.stat(uploadPaths(name, id).directory)).toBeUndefined();
  });

  it('removes nothing in a dry run', async () => {
    const { registry, id } = await uploadedIn(new MemoryDriver());
    expect(await collect(registry.purgeUploads(after(2, { dryRun: true })))).toEqual([id]);
    expect(await collect(registry.uploads())).toEqual([id]);
  });

  it('lets a writer finish that holds its upload for longer than the age', async () => {
    const { registry, blobs, id } = await uploadedIn(new MemoryDriver());
    const writer = await blobs.resume(id);
    expect(await collect(registry.purgeUploads(after(100)))).toEqual([]);
    await writer.append(chunksOf(Buffer.from(', and the rest')));
    const digest = digestOf(Buffer.from('half of it, and the rest'));
    expect(await writer.commit(digest)).toMatchObject({ digest });
  });

  it('counts from the last bytes, not from the start', async () => {
    const driver = new MemoryDriver();
    const { registry, id } = await uploadedIn(driver);
    const started = Buffer.from('2020-01-01T00:00:00Z');
    await driver.putContent(uploadPaths(name, id).startedAt, started);
    expect(await collect(registry.purgeUploads(after(0.5)))).toEqual([]);
  });

  it('removes what a crash left without a start', async () => {
    const driver = new MemoryDriver();
    const { registry, id } = await uploadedIn(driver);
    await driver.delete(uploadPaths(name, id).startedAt);
    expect(await collect(registry.purgeUploads(after(2)))).toEqual([id]);
  });

  it('leaves what is no upload', async () => {
    const driver = new MemoryDriver();
    const { registry } = await uploadedIn(driver);
    const foreign = '/docker/registry/v2/repositories/a/b/_uploads/notes/data';
    await driver.putContent(foreign, content);
    await collect(registry.purgeUploads(after(2)));
    expect(await driver.stat(foreign)).toBeDefined();
  });

  it('goes on after one that cannot be removed, and tells why', async () => {
    const driver = new MemoryDriver();
    const { id: stuck } = await uploadedIn(driver);
    const { id } = await uploadedIn(driver);
    const failing = observeCalls(driver, (method, path) => {
      if (method === 'delete' && path.includes(stuck)) throw new Error('no');
    });
    const registry = createRegistry({ driver: failing, decoder });
    const failures: string[] = [];
    const onFailure = (upload: UnfinishedUpload) => void failures.push(upload.id);
    expect(await collect(registry.purgeUploads(after(2, { onFailure })))).toEqual([id]);
    expect(failures).toEqual([stuck]);
    await expect(collect(registry.purgeUploads(after(2)))).rejects.toThrow('no');
  });
});
