import {
  digestOf,
  parseRepositoryName,
  parseTag,
  type Digest,
  type ManifestDecoder,
} from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { decoder } from '../fixtures/images.ts';
import { blobDataPath, revisionLinkPath, tagCurrentPath, tagIndexPath } from '../paths.ts';
import { checkStorage } from './check-storage.ts';

const name = parseRepositoryName('a');
const mediaType = 'application/vnd.oci.image.manifest.v1+json';

/** Manifests that each refer to many layers, none of which exists. */
async function storeManifests(driver: MemoryDriver, manifests: number, layers: number) {
  const empty = { mediaType: 'application/octet-stream', size: 1 };
  const stored: Digest[] = [];
  for (let row = 0; row < manifests; row++) {
    const digests = Array.from({ length: layers }, (_, at) =>
      digestOf(Buffer.from(`${row} ${at}`)),
    );
    const content = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: { ...empty, digest: digests[0] },
        layers: digests.map((digest) => ({ ...empty, digest })),
      }),
    );
    const digest = digestOf(content);
    await driver.putContent(blobDataPath(digest), content);
    await driver.putContent(revisionLinkPath(name, digest), Buffer.from(digest));
    stored.push(digest);
  }
  return stored;
}

/** Calls back for each manifest that the check decodes. */
function countingDecoder(decoded: () => void): ManifestDecoder {
  return {
    ...decoder,
    decode: decoder.decode.bind(decoder),
    decodeStored(content, detached) {
      decoded();
      return decoder.decodeStored(content, detached);
    },
  };
}

describe('a check of a large repository, against unbounded lists', () => {
  it('gives a finding before it decodes the next manifest', async () => {
    const driver = new MemoryDriver();
    await storeManifests(driver, 10, 100);
    let decoded = 0;
    const counted = countingDecoder(() => decoded++);
    const decodedAt: number[] = [];
    for await (const { digests } of checkStorage({ driver, decoder: counted })) {
      expect(digests.length).toBeGreaterThanOrEqual(100);
      decodedAt.push(decoded);
    }
    const steps = decodedAt.slice(1).map((count, index) => count - decodedAt[index]!);
    expect(decodedAt).toHaveLength(10);
    expect(steps).toEqual(steps.map(() => 1));
  });

  it('reads the links of several tags at a time', async () => {
    const driver = new MemoryDriver();
    const [digest] = await storeManifests(driver, 1, 1);
    for (let index = 0; index < 100; index++) {
      const tag = parseTag(`tag-${index}`);
      await driver.putContent(tagCurrentPath(name, tag), Buffer.from(digest!));
      await driver.putContent(tagIndexPath(name, tag, digest!), Buffer.from(digest!));
    }
    let reading = 0;
    let most = 0;
    const slow = Object.assign(Object.create(driver) as MemoryDriver, {
      async getContent(path: string) {
        most = Math.max(most, ++reading);
        await new Promise((resolve) => setImmediate(resolve));
        reading--;
        return driver.getContent(path);
      },
      walk: driver.walk.bind(driver),
      list: driver.list.bind(driver),
      stat: driver.stat.bind(driver),
    });
    for await (const { problem } of checkStorage({ driver: slow, decoder })) {
      expect(problem).toBe('manifest refers to what is missing');
    }
    expect(most).toBeGreaterThan(8);
    expect(most).toBeLessThan(50);
  });
});
