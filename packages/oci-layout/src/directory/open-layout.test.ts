import {
  mkdir,
  readFile,
  readdir,
  symlink,
  utimes,
  writeFile,
  type DisposableTempDir,
} from 'node:fs/promises';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { digestOf, parseTag, type Descriptor } from '@purser/core';
import { describeBytes, sampleBytes, sampleIndex } from '@purser/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, collect, decoder, putImage } from '../fixtures/sample-layout.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { openOciLayout } from './open-layout.ts';

const NAME = 'org.opencontainers.image.ref.name';

let directory: DisposableTempDir;
let path: string;
const file = (name: string) => join(path, name);
const open = () => openOciLayout(path, { decoder, create: true });
const readIndex = async (): Promise<{ manifests: readonly Descriptor[] }> =>
  JSON.parse(await readFile(file('index.json'), 'utf8')) as { manifests: readonly Descriptor[] };
const writeIndex = (manifests: readonly unknown[], others = {}) =>
  writeFile(file('index.json'), JSON.stringify({ schemaVersion: 2, ...others, manifests }));

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  path = join(directory.path, 'image');
});
afterEach(() => directory[Symbol.asyncDispose]());

describe('an OCI layout in a directory', () => {
  it('begins with what is first written', async () => {
    await expect(openOciLayout(path, { decoder })).rejects.toMatchObject({ code: 'NAME_UNKNOWN' });
    await using layout = await open();
    expect(await readdir(directory.path)).toEqual([]);
    const { descriptor } = await putImage(layout);
    await layout.tags.tag(parseTag('1.0'), descriptor.digest);
    await layout[Symbol.asyncDispose]();
    expect((await readdir(path)).toSorted()).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(await readFile(file('oci-layout'), 'utf8')).toBe('{"imageLayoutVersion": "1.0.0"}');
    expect((await readIndex()).manifests).toEqual([
      {
        mediaType: descriptor.mediaType,
        digest: descriptor.digest,
        size: descriptor.size,
        annotations: { [NAME]: '1.0' },
      },
    ]);
  });

  it('lists an index and not its members, which are manifests all the same', async () => {
    await using layout = await open();
    const members = [await putImage(layout, { seed: 1 }), await putImage(layout, { seed: 2 })];
    const index = sampleIndex(
      members.map(({ descriptor: { mediaType, digest, size } }) => ({ mediaType, digest, size })),
    );
    const digest = await layout.manifests.put(index);
    await layout.tags.tag(parseTag('all'), digest);
    expect((await readIndex()).manifests.map((entry) => entry.digest)).toEqual([digest]);
    for (const { descriptor } of members) {
      expect(await layout.manifests.exists(descriptor.digest)).toBe(true);
    }
    await layout.manifests.delete(digest);
    expect((await readIndex()).manifests.map((entry) => entry.digest).toSorted()).toEqual(
      members.map(({ descriptor }) => descriptor.digest).toSorted(),
    );
  });

  it('keeps a manifest whose tag moves on, and its other entries as others wrote them', async () => {
    await using layout = await open();
    const [first, second] = [
      await putImage(layout, { seed: 1 }),
      await putImage(layout, { seed: 2 }),
    ];
    const unknown = { ...describeBytes(sampleBytes(9)), mediaType: 'application/x-unknown' };
    await writeIndex(
      [
        { ...first.descriptor, annotations: { [NAME]: 'v', 'org.example': 'kept' } },
        { ...second.descriptor, platform: { architecture: 'arm64', os: 'linux' } },
        { ...unknown, extra: { deep: 1 } },
      ],
      { annotations: { 'org.example.of': 'the index' } },
    );
    await layout.tags.tag(parseTag('v'), second.descriptor.digest);
    const { digest } = first.descriptor;
    expect(await readIndex()).toEqual({
      schemaVersion: 2,
      annotations: { 'org.example.of': 'the index' },
      manifests: [
        { ...unknown, extra: { deep: 1 } },
        expect.objectContaining({
          digest: second.descriptor.digest,
          platform: { architecture: 'arm64', os: 'linux' },
          annotations: { [NAME]: 'v' },
        }),
        expect.objectContaining({ digest }),
      ],
    });
    await layout.tags.untag(parseTag('v'));
    expect(await layout.manifests.exists(second.descriptor.digest)).toBe(true);
    expect(await collect(layout.tags.list())).toEqual([]);
  });

  it('knows whole references as names, and their tags where only one has it', async () => {
    await using layout = await open();
    const [first, second] = [
      await putImage(layout, { seed: 1 }),
      await putImage(layout, { seed: 2 }),
    ];
    const { names, tags } = layout;
    await names.set('docker.io/library/debian:12', first.descriptor.digest);
    await names.set('docker.io/library/debian:latest', first.descriptor.digest);
    await names.set('quay.io/other/image:latest', second.descriptor.digest);
    expect(await names.list()).toHaveLength(3);
    expect(await collect(tags.list())).toEqual(['12']);
    expect(await tags.get(parseTag('12'))).toBe(first.descriptor.digest);
    expect(await tags.get(parseTag('latest'))).toBeUndefined();
    expect(await names.get('quay.io/other/image:latest')).toBe(second.descriptor.digest);
    await tags.tag(parseTag('latest'), second.descriptor.digest);
    expect(await tags.get(parseTag('latest'))).toBe(second.descriptor.digest);
    await tags.untag(parseTag('12'));
    expect(await tags.get(parseTag('12'))).toBeUndefined();
    await expect(names.set('no name', first.descriptor.digest)).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    });
    const missing = digestOf(sampleBytes(3));
    await expect(tags.tag(parseTag('x'), missing)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });

  it('knows its image when it has only one', async () => {
    await using layout = await open();
    expect(await layout.names.only()).toBeUndefined();
    const { descriptor } = await putImage(layout);
    expect(await layout.names.only()).toBe(descriptor.digest);
    const signature = await putImage(layout, { seed: 2, subject: descriptor });
    expect(await layout.names.only()).toBeUndefined();
    for (const tag of ['1', '2']) await layout.tags.tag(parseTag(tag), descriptor.digest);
    expect(await layout.names.only()).toBe(descriptor.digest);
    await layout.tags.tag(parseTag('3'), signature.descriptor.digest);
    expect(await layout.names.only()).toBeUndefined();
  });

  it('takes many manifests and tags at once, and loses none', async () => {
    await using layout = await open();
    const seeds = Array.from({ length: 40 }, (_, seed) => seed);
    await Promise.all(
      seeds.map(async (seed) => {
        const { descriptor } = await putImage(layout, { seed });
        await layout.tags.tag(parseTag(`v${seed}`), descriptor.digest);
      }),
    );
    expect(await collect(layout.tags.list())).toHaveLength(40);
    await using again = await open();
    expect(await collect(again.tags.list())).toHaveLength(40);
  });

  it('sees what another process writes', async () => {
    await using layout = await open();
    await putImage(layout);
    await using other = await open();
    const { descriptor } = await putImage(other, { seed: 2 });
    expect(await layout.manifests.exists(descriptor.digest)).toBe(true);
    expect((await readIndex()).manifests).toHaveLength(2);
  });

  it('goes on in another process with what one received', async () => {
    await using layout = await open();
    const content = Buffer.from(sampleBytes(5000));
    const begun = await layout.blobs.create();
    await begun.append(chunks(content.subarray(0, 2000)));
    await begun.close();
    await using other = await open();
    const resumed = await other.blobs.resume(begun.id);
    expect(resumed.size).toBe(2000);
    await resumed.append(chunks(content.subarray(2000)));
    await resumed.commit(digestOf(content));
    expect(await bytesOf(await layout.blobs.open(digestOf(content)))).toEqual(content);
  });

  it('removes what nobody has been receiving for a day', async () => {
    await using layout = await open();
    const [old, young] = [await layout.blobs.create(), await layout.blobs.create()];
    await Promise.all([old.close(), young.close()]);
    await utimes(file(`ingest/${old.id}`), 0, 0);
    await using _again = await open();
    expect(await readdir(file('ingest'))).toEqual([young.id]);
  });

  it('finds links that a builder made of its blobs', async () => {
    await using layout = await open();
    const content = Buffer.from(sampleBytes(100));
    const digest = digestOf(content);
    await putImage(layout);
    await writeFile(join(directory.path, 'cached'), content);
    await symlink('../../../cached', file(`blobs/sha256/${digest.slice(7)}`));
    expect(await bytesOf(await layout.blobs.open(digest))).toEqual(content);
  });
});

describe('an OCI layout that is not what it should be', () => {
  it.each([
    ['another version', '{"imageLayoutVersion":"2.0.0"}', 'is 2.0.0'],
    ['no version', '{}', 'is missing'],
    ['no JSON', 'oci', 'is missing'],
  ])('is refused: %s', async (_, content, message) => {
    await mkdir(path);
    await writeFile(file('oci-layout'), content);
    await expect(open()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused where a directory holds other things', async () => {
    await mkdir(path);
    await writeFile(file('precious'), '');
    await expect(open()).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
      message: `${path} holds something else than an OCI layout: name an empty directory, or one that does not exist`,
    });
  });

  it.each([
    ['a path for a digest', [{ mediaType: 'a/b', digest: 'sha256:../../../etc/passwd', size: 1 }]],
    ['no descriptor', [null]],
    ['a negative size', [{ mediaType: 'a/b', digest: digestOf(sampleBytes(1)), size: -1 }]],
  ])('tells that its index.json is malformed: %s', async (_, manifests) => {
    await using layout = await open();
    await putImage(layout);
    await writeIndex(manifests);
    await expect(collect(layout.tags.list())).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringMatching(
        /^index\.json of the layout is malformed: manifests\[0]/,
      ) as string,
    });
  });

  it('fails at the end of a blob that is another, and reads no manifest that is', async () => {
    await using layout = await open();
    const { descriptor, manifest } = await putImage(layout);
    const layer = manifest.references[1]!.descriptor.digest;
    for (const digest of [layer, descriptor.digest]) {
      await writeFile(file(`blobs/sha256/${digest.slice(7)}`), 'something else');
    }
    await using again = await open();
    const mismatch = { code: 'DIGEST_INVALID' };
    await expect(bytesOf(await again.blobs.open(layer))).rejects.toMatchObject(mismatch);
    await expect(again.manifests.get(descriptor.digest)).rejects.toMatchObject(mismatch);
    expect(await collect(again.referrers.list(layer))).toEqual([]);
  });

  it('reads no manifest that is larger than one may be, and none under two types', async () => {
    await using layout = await open();
    const { descriptor } = await putImage(layout);
    const large = Buffer.alloc(5 * 1024 * 1024, ' ');
    const { digest } = await layout.blobs.put(large);
    const index = { ...descriptor, mediaType: 'application/vnd.oci.image.index.v1+json' };
    await writeIndex([{ ...descriptor, digest, size: 10 }, index]);
    await expect(layout.manifests.get(digest)).rejects.toMatchObject({ code: 'SIZE_INVALID' });
    await expect(layout.manifests.get(descriptor.digest)).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringContaining('is listed as') as string,
    });
  });

  it('does not know a member that is missing, and still has the others', async () => {
    await using layout = await open();
    const { descriptor } = await putImage(layout);
    await writeIndex([descriptor, { ...descriptor, digest: digestOf(sampleBytes(8)) }]);
    const missing = digestOf(sampleBytes(8));
    expect(await layout.manifests.exists(missing)).toBe(false);
    await expect(layout.manifests.get(missing)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    expect(await layout.manifests.exists(descriptor.digest)).toBe(true);
  });

  it.skipIf(process.platform === 'win32')(
    'does not wait for a pipe that stands for a blob',
    async () => {
      await using layout = await open();
      await putImage(layout);
      const digest = digestOf(sampleBytes(77));
      execFileSync('mkfifo', [file(`blobs/sha256/${digest.slice(7)}`)]);
      expect(await layout.blobs.stat(digest)).toBeUndefined();
      await expect(layout.blobs.open(digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    },
  );

  it('takes no blob for a manifest that deletes as one', async () => {
    await using layout = await open();
    const { descriptor } = await putImage(layout);
    await expect(layout.blobs.delete(descriptor.digest)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});

async function* chunks(...content: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* content;
}
