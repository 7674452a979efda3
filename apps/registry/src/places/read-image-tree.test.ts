import { parseRepositoryName, type Descriptor, type Repository } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { createOciIndexBuilder } from '@purser/manifest-oci';
import { describe, expect, it, vi } from 'vitest';
import { totalSizeOf } from '../show/image-tree.ts';
import { ImageTreeReader } from './read-image-tree.ts';

const createRepository = () => createMemoryRegistry().repository(parseRepositoryName('a'));

async function putIndex(
  { manifests }: Repository,
  members: readonly Descriptor[],
): Promise<Descriptor> {
  const manifest = await createOciIndexBuilder({ manifests: members }).build();
  const { mediaType, payload } = manifest;
  return { mediaType, digest: await manifests.put(manifest), size: payload.byteLength };
}

describe('endless images', () => {
  it('end where a member repeats, however often and deep', async () => {
    const repository = createRepository();
    let top = await putIndex(repository, []);
    let bytes = top.size;
    for (let depth = 0; depth < 12; depth++) {
      top = await putIndex(repository, [top, top, top]);
      bytes += top.size;
    }
    const get = vi.spyOn(repository.manifests, 'get');
    const tree = await new ImageTreeReader(repository, { referrers: false }).read(top.digest);
    expect(get).toHaveBeenCalledTimes(13);
    expect(tree.manifests).toHaveLength(3);
    expect(tree.manifests?.[0]?.manifests).toHaveLength(3);
    expect(tree.manifests?.[1]).toMatchObject({ digest: tree.manifests?.[0]?.digest });
    expect(tree.manifests?.[1]?.manifests).toBeUndefined();
    expect(totalSizeOf(tree)).toBe(bytes);
  });

  it('end where referrers lead in a circle', async () => {
    const repository = createRepository();
    const empty = await putIndex(repository, []);
    const other = await putIndex(repository, [empty]);
    repository.referrers.list = async function* circle() {
      yield* [empty, other, other];
    };
    const get = vi.spyOn(repository.manifests, 'get');
    const tree = await new ImageTreeReader(repository, { referrers: true }).read(empty.digest);
    expect(get).toHaveBeenCalledTimes(2);
    expect(tree.referrers).toHaveLength(3);
  });

  it('end at 10,000 manifests', async () => {
    const repository = createRepository();
    const empty = await putIndex(repository, []);
    repository.referrers.list = async function* endless() {
      for (;;) yield empty;
    };
    const reader = new ImageTreeReader(repository, { referrers: true });
    await expect(reader.read(empty.digest)).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringContaining('more than 10000 manifests'),
    });
  });
});
