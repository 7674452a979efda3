import { digestOf, parseRepositoryName, parseTag, type Registry } from '@purser/core';
import { DriverError, MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { observeCalls } from '../fixtures/recording-driver.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { createGarbageCollector } from '../garbage/create-garbage-collector.ts';
import { damage, DAMAGE_KINDS, type Victims } from '../testing/damage.ts';
import { decoder, pushImage, sampleImageContent } from '../fixtures/images.ts';
import {
  blobDataPath,
  layerLinkPath,
  repositoryPath,
  revisionLinkPath,
  tagCurrentPath,
  uploadPaths,
} from '../paths.ts';
import { checkStorage, type CheckStorageOptions } from './check-storage.ts';
import { isDamage, type Finding } from './finding.ts';

const name = parseRepositoryName('team/app');
const other = parseRepositoryName('team/app/whole');
const tag = parseTag('latest');
const image = sampleImageContent(1);
const whole = sampleImageContent(3);
const revision = digestOf(image.manifest.payload);

const open = (driver: StorageDriver) => createRegistry({ driver, decoder });

async function push(registry: Registry, repository = name, content = image): Promise<void> {
  const { manifests, ...rest } = registry.repository(repository);
  await pushImage({ manifests, ...rest }, content);
  await rest.tags.tag(tag, digestOf(content.manifest.payload));
}

async function filled(): Promise<MemoryDriver> {
  const driver = new MemoryDriver();
  await push(open(driver));
  await push(open(driver), other, whole);
  return driver;
}

async function check(
  driver: StorageDriver,
  options: Partial<CheckStorageOptions> = {},
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of checkStorage({ driver, decoder, ...options })) findings.push(finding);
  return findings;
}

const layers = image.blobs.map((blob) => digestOf(blob));
const victims: Victims = {
  links: [...layers.map((digest) => layerLinkPath(name, digest)), revisionLinkPath(name, revision)],
  contents: [
    ...layers.map((digest) => ({ path: blobDataPath(digest), link: layerLinkPath(name, digest) })),
    { path: blobDataPath(revision), link: revisionLinkPath(name, revision) },
  ],
  directories: [
    '/docker/registry/v2/blobs/sha256',
    `${repositoryPath(name)}/_layers`,
    `${repositoryPath(name)}/_manifests`,
    `${repositoryPath(name)}/_manifests/tags`,
  ],
};

/** Whether a whole image can be pulled by its tag. */
async function pull(registry: Registry, repository: typeof name, content: typeof image) {
  const { blobs, manifests, tags } = registry.repository(repository);
  const named = await tags.get(tag);
  expect(named).toBe(digestOf(content.manifest.payload));
  expect(await manifests.get(named!)).toMatchObject({ payload: content.manifest.payload });
  for (const blob of content.blobs) {
    const chunks = await (await blobs.open(digestOf(blob))).toArray();
    expect(Buffer.concat(chunks as Buffer[]).equals(blob)).toBe(true);
  }
}

/** More with PURSER_DAMAGED_ROOTS=200. */
const ROOTS = Number(process.env['PURSER_DAMAGED_ROOTS'] ?? DAMAGE_KINDS.length * 3);

const roots = Array.from(
  { length: ROOTS },
  (_, seed) => [DAMAGE_KINDS[seed % DAMAGE_KINDS.length]!, seed] as const,
);

describe('damaged storage', () => {
  it.each(roots)(
    '%s, seed %i: is named with its images, repaired, and healed by a push',
    async (kind, seed) => {
      const driver = await filled();
      const done = await damage(driver, kind, { victims, seed });
      const findings = await check(driver, { deep: true });
      const [found] = findings.filter(
        ({ path, problem }) => path === done.path && problem === done.problem,
      );
      expect(findings.map(({ path }) => path)).toContain(done.path);
      const hurts = isDamage(found!) ? [{ repository: name, digest: revision, tags: [tag] }] : [];
      expect(found!.images).toEqual(hurts);
      await pull(open(driver), other, whole);

      await check(driver, { deep: true, repair: true });
      await push(open(driver));
      await pull(open(driver), name, image);
      await pull(open(driver), other, whole);
      const left = (await check(driver, { deep: true })).filter(isDamage);
      expect(left).toEqual([]);
    },
  );

  it.each(roots)(
    '%s, seed %i: does not stop a collection, which deletes nothing that is needed',
    async (kind, seed) => {
      const driver = await filled();
      const done = await damage(driver, kind, { victims, seed });
      const collector = createGarbageCollector({ driver, decoder, clock: new ManualClock() });
      expect(await collector.collect({ deleteUntagged: true })).toBeDefined();
      for (const { path } of victims.contents) {
        expect((await driver.stat(path)) !== undefined || path === done.victim).toBe(true);
      }
      await pull(open(driver), other, whole);
      await check(driver, { deep: true, repair: true });
      await push(open(driver));
      await pull(open(driver), name, image);
    },
  );

  it.each(roots)('%s, seed %i: is healed by a push alone', async (kind, seed) => {
    const driver = await filled();
    await damage(driver, kind, { victims, seed });
    await push(open(driver));
    await expect(pull(open(driver), name, image)).resolves.toBeUndefined();
  });

  it('a manifest with a flipped byte is unknown, and healed by a push alone', async () => {
    const driver = await filled();
    const bytes = Buffer.from(await driver.getContent(blobDataPath(revision)));
    bytes[20]! ^= 1;
    await driver.putContent(blobDataPath(revision), bytes);
    const { manifests } = open(driver).repository(name);
    await expect(manifests.get(revision)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    await push(open(driver));
    await pull(open(driver), name, image);
  });
});

describe('a check', () => {
  it('finds nothing in sound storage, with an upload in it', async () => {
    const driver = await filled();
    const writer = await open(driver).repository(name).blobs.create();
    await writer.close();
    expect(await driver.stat(uploadPaths(name, writer.id).startedAt)).toBeDefined();
    expect(await check(driver, { deep: true })).toEqual([]);
  });

  it('finds nothing where nothing was ever pushed', async () => {
    expect(await check(new MemoryDriver(), { deep: true, repair: true })).toEqual([]);
  });

  it('reads the bytes of blobs only when it is deep', async () => {
    const driver = await filled();
    await damage(driver, 'flipped byte', {
      victims: { ...victims, contents: victims.contents.slice(0, 1) },
      seed: 1,
    });
    expect(await check(driver)).toEqual([]);
    expect(await check(driver, { deep: true })).toHaveLength(1);
  });

  it('names a blob that cannot be read, goes on, and does not put it aside', async () => {
    const driver = await filled();
    const path = blobDataPath(layers[1]!);
    const failure = new DriverError('UNAVAILABLE', { driver: 'memory', operation: 'read', path });
    const failing = observeCalls(driver, (method, at) => {
      if (method === 'openReader' && at === path) throw failure;
    });
    expect(await check(failing, { deep: true, repair: true })).toMatchObject([
      {
        path,
        problem: 'content cannot be read',
        images: [{ digest: revision }],
        repair: undefined,
      },
    ]);
    expect(await driver.stat(path)).toBeDefined();
  });

  it('reports a missing reference only where it is required', async () => {
    const driver = await filled();
    for (const { path, link } of victims.contents) {
      if (path === blobDataPath(revision)) continue;
      await driver.delete(link);
      await driver.delete(path);
    }
    const references = (repository: string) => ({
      blobs: repository === name ? ('none' as const) : ('all' as const),
    });
    expect(await check(driver)).toMatchObject([{ problem: 'manifest refers to what is missing' }]);
    expect(await check(driver, { references })).toEqual([]);
    expect(await check(driver, { references: () => ({ manifests: 'none' }) })).toHaveLength(1);
  });

  it('ends when storage cannot be read at all', async () => {
    const driver = await filled();
    const failure = new DriverError('UNAVAILABLE', { driver: 'memory', operation: 'x', path: '/' });
    let isGone = false;
    const failing = observeCalls(driver, (method) => {
      if (method === 'openReader') isGone = true;
      if (isGone) throw failure;
    });
    await expect(check(failing, { deep: true })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('tells how far it is', async () => {
    const driver = await filled();
    let last;
    await check(driver, { deep: true, onProgress: (progress) => (last = progress) });
    expect(last).toMatchObject({ blobs: 6, repositories: expect.any(Number) as number });
  });

  it('writes a broken link anew when its content is here, and keeps the broken one', async () => {
    const driver = await filled();
    const path = layerLinkPath(name, layers[0]!);
    await driver.putContent(path, Buffer.from(''));
    const [finding] = await check(driver, { repair: true });
    expect(finding?.repair).toMatchObject({ isRestored: true });
    expect(await driver.stat(finding!.repair!.quarantine)).toMatchObject({ size: 0 });
    await pull(open(driver), name, image);
  });

  it('names a tag whose manifest is gone, and puts it aside', async () => {
    const driver = await filled();
    await driver.delete(revisionLinkPath(name, revision));
    const [finding] = await check(driver, { repair: true });
    expect(finding).toMatchObject({
      path: tagCurrentPath(name, tag),
      problem: 'tag names no manifest',
      images: [{ repository: name, digest: revision, tags: [tag] }],
    });
    expect(await check(driver)).toEqual([]);
  });

  it('leaves a tag that says nothing where it is', async () => {
    const driver = await filled();
    const path = tagCurrentPath(name, tag);
    await driver.putContent(path, Buffer.from(''));
    const [finding] = await check(driver, { repair: true });
    expect(finding).toMatchObject({ path, problem: 'link is empty', repair: undefined });
    expect(await driver.stat(path)).toBeDefined();
  });
});
