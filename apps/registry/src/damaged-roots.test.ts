import { cp, readFile, writeFile } from 'node:fs/promises';
import {
  digestOf,
  parseRepositoryName,
  parseTag,
  type Digest,
  type Repository,
} from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { createOciImageBuilder } from '@purser/manifest-oci';
import { checkStorage, createGarbageCollector, isDamage, type Finding } from '@purser/storage';
import { FilesystemDriver } from '@purser/storage-driver-fs';
import {
  damage,
  DAMAGE_KINDS,
  type DamageKind,
  type DoneDamage,
  type Victims,
} from '@purser/storage/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageSectionInput } from './config/storage-section.ts';
import { createStoredDecoder } from './create/manifests/manifests.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { startRegistry, type RunningRegistry } from './start-registry.ts';

const hurt = parseRepositoryName('team/app');
const whole = parseRepositoryName('team/app/whole');
const decoder = createStoredDecoder();

const LARGE_SIZE = 600_000;

interface PushedImage {
  readonly manifest: Digest;
  readonly blobs: readonly Digest[];
}

/** Pushes an image as `latest`. The same seed is the same image. */
async function push({ blobs, manifests, tags }: Repository, seed: number): Promise<PushedImage> {
  const builder = createOciImageBuilder({ blobs, config: sampleBytes(100, seed) });
  const pushed: Digest[] = [];
  // The larger is sent in two parts.
  for (const layer of [sampleBytes(LARGE_SIZE, seed + 1), sampleBytes(300, seed + 2)]) {
    const { digest, size } = await blobs.put(layer);
    pushed.push(digest);
    builder.appendReference({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest,
      size,
    });
  }
  const manifest = await manifests.put(await builder.build());
  await tags.tag(parseTag('latest'), manifest);
  return { manifest, blobs: [digestOf(sampleBytes(100, seed)), ...pushed] };
}

/** Where distribution's layout has things. */
const ROOT = '/docker/registry/v2';
const REPOSITORY = `${ROOT}/repositories/${hurt}`;
const TAG_LINK = `${REPOSITORY}/_manifests/tags/latest/current/link`;
const dataOf = (digest: Digest) => {
  const hex = digest.slice('sha256:'.length);
  return `${ROOT}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
};
const linkOf = (kind: '_layers' | '_manifests/revisions', digest: Digest) =>
  `${REPOSITORY}/${kind}/${digest.replace(':', '/')}/link`;

function victimsOf({ manifest, blobs }: PushedImage): Victims {
  const links = [
    ...blobs.map((digest) => [digest, linkOf('_layers', digest)] as const),
    [manifest, linkOf('_manifests/revisions', manifest)] as const,
  ];
  return {
    links: links.map(([, link]) => link),
    contents: links.map(([digest, link]) => ({ path: dataOf(digest), link })),
    directories: [
      `${ROOT}/blobs/sha256`,
      `${REPOSITORY}/_layers`,
      `${REPOSITORY}/_manifests`,
      `${REPOSITORY}/_manifests/tags`,
    ],
  };
}

/** What a client gets: the status, or that the answer breaks off, or that its bytes are not those of the digest. */
async function pulled(url: string, digest: Digest): Promise<string> {
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(url, { headers: { accept } });
  const bytes = await answer.arrayBuffer().catch(() => undefined);
  if (bytes === undefined) return 'cut';
  const isRight = digestOf(Buffer.from(bytes)) === digest;
  return answer.status === 200 && !isRight ? 'other bytes' : `${answer.status}`;
}

/** Pulls everything of an image, by what it is asked for. */
async function pullAll({ url }: RunningRegistry, name: string, { manifest, blobs }: PushedImage) {
  const results: Record<string, string> = {};
  for (const digest of blobs) {
    results[digest] = await pulled(`${url}/v2/${name}/blobs/${digest}`, digest);
  }
  for (const reference of [manifest, 'latest']) {
    results[reference] = await pulled(`${url}/v2/${name}/manifests/${reference}`, manifest);
  }
  return results;
}

function allFound({ manifest, blobs }: PushedImage): Record<string, string> {
  return Object.fromEntries([...blobs, manifest, 'latest'].map((name) => [name, '200']));
}

/** What is found out while it is read. */
const IS_OPENED: ReadonlySet<DamageKind> = new Set(['flipped byte', 'truncated content']);

/** What cannot be pulled. A large blob that is opened breaks off the first time: it had begun when that was found out. */
function expectedOf(
  image: PushedImage,
  { kind, victim }: DoneDamage,
  { isFirst }: { readonly isFirst: boolean },
): Record<string, string> {
  const victimDigest = [...image.blobs, image.manifest].find((digest) =>
    victim.includes(digest.slice('sha256:'.length)),
  );
  if (victimDigest === undefined) return allFound(image);
  const isLarge = victimDigest === image.blobs[1];
  const result = isFirst && isLarge && IS_OPENED.has(kind) ? 'cut' : '404';
  return {
    ...allFound(image),
    [victimDigest]: result,
    ...(victimDigest === image.manifest && { latest: result }),
  };
}

async function check(driver: FilesystemDriver): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of checkStorage({ driver, decoder, deep: true })) findings.push(finding);
  return findings;
}

/** Waits for nothing. */
function createClock() {
  let now = 0;
  return { now: () => now, wait: async (durationMs: number) => void (now += durationMs) };
}

/** More with PURSER_DAMAGED_ROOTS=200. */
const ROOTS = Number(process.env['PURSER_DAMAGED_ROOTS'] ?? DAMAGE_KINDS.length * 2);

const roots = Array.from(
  { length: ROOTS },
  (_, seed) => [DAMAGE_KINDS[seed % DAMAGE_KINDS.length]!, seed] as const,
);

describe('a damaged root directory', () => {
  let template: Awaited<ReturnType<typeof createTemporaryDirectory>>;
  let image: PushedImage;
  let sound: PushedImage;

  const serve = (rootdirectory: string, storage: Omit<StorageSectionInput, 'filesystem'> = {}) =>
    startRegistry({ storage: { filesystem: { rootdirectory }, ...storage } });

  beforeAll(async () => {
    template = await createTemporaryDirectory();
    await using running = await serve(template.path);
    image = await push(running.registry.repository(hurt), 1);
    sound = await push(running.registry.repository(whole), 11);
  });

  afterAll(() => template[Symbol.asyncDispose]());

  it.each(roots)(
    '%s, seed %i: a check names it, what is whole can be pulled, what is broken never, a collection keeps everything, a push heals it',
    async (kind, seed) => {
      await using directory = await createTemporaryDirectory();
      await cp(template.path, directory.path, { recursive: true });
      const driver = new FilesystemDriver({ rootDirectory: directory.path });
      const done = await damage(driver, kind, { victims: victimsOf(image), seed });
      await using running = await serve(directory.path);

      expect(await check(driver)).toContainEqual(
        expect.objectContaining({ path: done.path, problem: done.problem }),
      );
      expect(await pullAll(running, whole, sound)).toEqual(allFound(sound));
      for (const isFirst of [true, false]) {
        expect(await pullAll(running, hurt, image)).toEqual(expectedOf(image, done, { isFirst }));
      }

      const before = await Promise.all(
        [...image.blobs, image.manifest].map((digest) => driver.stat(dataOf(digest))),
      );
      const collector = createGarbageCollector({ driver, decoder, clock: createClock() });
      expect(await collector.collect({ deleteUntagged: true })).toBeDefined();
      const after = await Promise.all(
        [...image.blobs, image.manifest].map((digest) => driver.stat(dataOf(digest))),
      );
      expect(after).toEqual(before);
      expect(await pullAll(running, hurt, image)).toEqual(
        expectedOf(image, done, { isFirst: false }),
      );

      await push(running.registry.repository(hurt), 1);
      expect(await pullAll(running, hurt, image)).toEqual(allFound(image));
      expect(await pullAll(running, whole, sound)).toEqual(allFound(sound));
      expect((await check(driver)).filter(isDamage)).toEqual([]);
    },
    30_000,
  );

  /** A root in whose large blob a byte is another. */
  async function flipByte() {
    const directory = await createTemporaryDirectory();
    await cp(template.path, directory.path, { recursive: true });
    const path = `${directory.path}${dataOf(image.blobs[1]!)}`;
    const bytes = await readFile(path);
    bytes[LARGE_SIZE - 1]! ^= 1;
    await writeFile(path, bytes);
    return { directory, path, bytes };
  }

  it('gives none of its broken blobs whole, and a push to another repository heals them', async () => {
    await using directory = (await flipByte()).directory;
    await using running = await serve(directory.path);
    expect((await pullAll(running, hurt, image))[image.blobs[1]!]).toBe('cut');
    expect((await pullAll(running, hurt, image))[image.blobs[1]!]).toBe('404');
    await push(running.registry.repository(whole), 1);
    expect(await pullAll(running, hurt, image)).toEqual(allFound(image));
  });

  it('is left as it is by a server that is read-only: what is broken breaks off each time', async () => {
    const { path, bytes, ...root } = await flipByte();
    await using directory = root.directory;
    await using running = await serve(directory.path, {
      maintenance: { readonly: { enabled: true } },
    });
    for (let round = 0; round < 2; round++) {
      expect((await pullAll(running, hurt, image))[image.blobs[1]!]).toBe('cut');
    }
    expect(await readFile(path)).toEqual(bytes);
  });

  it('is served as it is when storage.verifyreads.enabled is off', async () => {
    await using directory = (await flipByte()).directory;
    await using running = await serve(directory.path, { verifyreads: { enabled: false } });
    expect((await pullAll(running, hurt, image))[image.blobs[1]!]).toBe('other bytes');
  });

  it.each([
    ['says nothing', (driver: FilesystemDriver) => driver.putContent(TAG_LINK, Buffer.alloc(0))],
    [
      'is cut off',
      (driver: FilesystemDriver) => driver.putContent(TAG_LINK, Buffer.from('sha256:12')),
    ],
    [
      'names nothing',
      (driver: FilesystemDriver) =>
        driver.putContent(TAG_LINK, Buffer.from(digestOf(Buffer.from('nothing')))),
    ],
    [
      'is a directory',
      async (driver: FilesystemDriver) => {
        await driver.delete(TAG_LINK);
        await driver.putContent(`${TAG_LINK}/file`, Buffer.from('foreign'));
      },
    ],
  ])(
    'whose tag %s has the image by its digest, and the tag again after a push',
    async (_, harm) => {
      await using directory = await createTemporaryDirectory();
      await cp(template.path, directory.path, { recursive: true });
      const driver = new FilesystemDriver({ rootDirectory: directory.path });
      await harm(driver);
      await using running = await serve(directory.path);
      expect(await pullAll(running, hurt, image)).toEqual({ ...allFound(image), latest: '404' });
      const named = (await check(driver)).filter(isDamage);
      expect(named).toMatchObject([{ path: TAG_LINK }]);
      const collector = createGarbageCollector({ driver, decoder, clock: createClock() });
      await collector.collect({ deleteUntagged: named[0]!.problem !== 'tag names no manifest' });
      expect(await pullAll(running, hurt, image)).toEqual({ ...allFound(image), latest: '404' });
      await push(running.registry.repository(hurt), 1);
      expect(await pullAll(running, hurt, image)).toEqual(allFound(image));
      expect((await check(driver)).filter(isDamage)).toEqual([]);
    },
  );
});
