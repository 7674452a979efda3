import { createManifestDecoder, digestOf, type RepositoryName } from '@purser/core';
import { sampleFormats } from '@purser/core/testing';
import { DriverError, MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';

/** Has space for some writes of all uploads together, and may refuse deletions. */
class SmallDriver extends MemoryDriver {
  writes = Infinity;
  isDeletionRefused = false;

  override async openWriter(...call: Parameters<StorageDriver['openWriter']>) {
    const writer = await super.openWriter(...call);
    const write = writer.write.bind(writer);
    writer.write = async (content) => {
      if (this.writes-- <= 0) throw this.#failure('NO_SPACE', call[0]);
      await write(content);
    };
    return writer;
  }

  override async delete(...call: Parameters<StorageDriver['delete']>) {
    if (this.isDeletionRefused) throw this.#failure('PERMISSION_DENIED', call[0]);
    await super.delete(...call);
  }

  #failure(code: 'NO_SPACE' | 'PERMISSION_DENIED', path: string) {
    return new DriverError(code, { driver: 'small', operation: 'write', path });
  }
}

function createStore() {
  const driver = new SmallDriver();
  const leftovers: string[] = [];
  const { blobs } = createRegistry({
    driver,
    decoder: createManifestDecoder(sampleFormats),
    onLeftover: (path, error) => leftovers.push(`${path} ${(error as { code: string }).code}`),
  }).repository('some/app' as RepositoryName);
  return { driver, leftovers, blobs };
}

const CONTENT = Buffer.from('content');

async function* chunks(...content: readonly Uint8Array[]) {
  yield* content;
}

describe('an upload session', () => {
  it('ends when storage has no space for its bytes, and others stay', async () => {
    const { driver, leftovers, blobs } = createStore();
    const writers = [await blobs.create(), await blobs.create()] as const;
    const [full, other] = writers;
    for (const writer of writers) await writer.append(chunks(CONTENT));
    driver.writes = 1;
    await expect(full.append(chunks(CONTENT, CONTENT))).rejects.toMatchObject({
      code: 'STORAGE_FULL',
    });
    await full.cancel();
    await full.close();
    await expect(blobs.resume(full.id)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' });
    expect(await driver.stat('/docker/registry/v2/repositories/some/app/_uploads')).toBeDefined();
    expect(await other.commit(digestOf(CONTENT))).toMatchObject({ size: CONTENT.byteLength });
    expect(leftovers).toEqual([]);
  });

  it('reports files that cannot be removed after a push', async () => {
    const { driver, leftovers, blobs } = createStore();
    const writer = await blobs.create();
    await writer.append(chunks(CONTENT));
    driver.isDeletionRefused = true;
    expect(await writer.commit(digestOf(CONTENT))).toMatchObject({ size: CONTENT.byteLength });
    const directory = `/docker/registry/v2/repositories/some/app/_uploads/${writer.id}`;
    expect(leftovers).toEqual([`${directory} UNAVAILABLE`]);
  });
});
