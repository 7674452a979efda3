import assert from 'node:assert/strict';
import { describeManifest } from '../describe-manifest.ts';
import type { Descriptor } from '../descriptor.ts';
import { digestOf } from '../digest.ts';
import type { Repository } from '../registry.ts';
import { describeBytes, sampleBytes, sampleImage } from '../testing/samples.ts';
import { collect, pushBlob, pushImage, repositoryOf, type RegistryTest } from './suite.ts';

export function testReferrers(test: RegistryTest): void {
  test('lists no referrers of what nothing refers to', async (registry) => {
    const repository = repositoryOf(registry);
    const missing = digestOf(Buffer.from('missing'));
    assert.deepEqual(await collect(repository.referrers.list(missing)), []);
    const { digest } = await pushImage(repository);
    assert.deepEqual(await collect(repository.referrers.list(digest)), []);
  });

  test('lists the manifests that refer to a subject, with what they say', async (registry) => {
    const repository = repositoryOf(registry);
    const subject = await pushImage(repository);
    const referrers = [
      await pushReferrer(repository, { subject, artifactType: 'application/vnd.a', text: '1' }),
      await pushReferrer(repository, { subject, artifactType: 'application/vnd.b', text: '2' }),
      await pushReferrer(repository, { subject, text: '3' }),
    ];
    const sorted = referrers.toSorted((left, right) => (left.digest < right.digest ? -1 : 1));
    assert.deepEqual(await collect(repository.referrers.list(subject.digest)), sorted);
    assert.equal(referrers[2]!.artifactType, CONFIG);
    const filtered = repository.referrers.list(subject.digest, {
      artifactType: 'application/vnd.b',
    });
    assert.deepEqual(await collect(filtered), [referrers[1]]);
  });

  test('lists a referrer once, however often it is pushed', async (registry) => {
    const repository = repositoryOf(registry);
    const subject = await pushImage(repository);
    await pushReferrer(repository, { subject, text: 'twice' });
    const referrer = await pushReferrer(repository, { subject, text: 'twice' });
    assert.deepEqual(await collect(repository.referrers.list(subject.digest)), [referrer]);
  });

  test('lists pages whose sum is the whole', async (registry) => {
    const repository = repositoryOf(registry);
    const subject = await pushImage(repository);
    for (let index = 0; index < 5; index++) {
      await pushReferrer(repository, { subject, text: String(index) });
    }
    const all = await collect(repository.referrers.list(subject.digest));
    const seen: Descriptor[] = [];
    for (let page = all.slice(0, 1); page.length > 0;) {
      const after = seen.at(-1)?.digest;
      page = await collect(repository.referrers.list(subject.digest, { after, limit: 2 }));
      seen.push(...page);
    }
    assert.equal(all.length, 5);
    assert.deepEqual(seen, all);
    const afforded: Descriptor[] = [];
    let after: string | undefined;
    do {
      let spentAt: string | undefined;
      const budget = { entries: 2, onSpent: (position: string) => void (spentAt = position) };
      afforded.push(
        ...(await collect(repository.referrers.list(subject.digest, { after, budget }))),
      );
      after = spentAt;
    } while (after !== undefined);
    assert.deepEqual(afforded, all);
  });

  test('forgets a referrer that is deleted, and keeps those of a deleted subject', async (registry) => {
    const repository = repositoryOf(registry);
    const subject = await pushImage(repository);
    const gone = await pushReferrer(repository, { subject, text: 'gone' });
    const kept = await pushReferrer(repository, { subject, text: 'kept' });
    await repository.manifests.delete(gone.digest);
    assert.deepEqual(await collect(repository.referrers.list(subject.digest)), [kept]);
    await repository.manifests.delete(subject.digest);
    assert.deepEqual(await collect(repository.referrers.list(subject.digest)), [kept]);
  });

  test('lists the referrers of a subject that was never pushed, by any algorithm', async (registry) => {
    const repository = repositoryOf(registry);
    const content = Buffer.from('never pushed');
    const digest = digestOf(content, 'sha512');
    const subject = { ...describeBytes(content), digest };
    const referrer = await pushReferrer(repository, { subject, text: 'early' });
    assert.deepEqual(await collect(repository.referrers.list(digest)), [referrer]);
    assert.deepEqual(await collect(repository.referrers.list(digestOf(content))), []);
  });

  test('keeps the referrers of repositories apart', async (registry) => {
    const repository = repositoryOf(registry);
    const subject = await pushImage(repository);
    await pushReferrer(repository, { subject, text: 'here' });
    const other = repositoryOf(registry, 'suite/second');
    assert.deepEqual(await collect(other.referrers.list(subject.digest)), []);
  });
}

const CONFIG = 'application/vnd.oci.image.config.v1+json';

interface Referrer {
  readonly subject: Descriptor;
  readonly artifactType?: string;
  readonly text: string;
}

async function pushReferrer(
  { blobs, manifests }: Repository,
  { subject: { mediaType, digest, size }, artifactType, text }: Referrer,
): Promise<Descriptor> {
  const config = sampleBytes(2, 99);
  await pushBlob(blobs, config);
  const manifest = sampleImage({
    config: describeBytes(config, CONFIG),
    layers: [],
    annotations: { text },
    subject: { mediaType, digest, size },
    ...(artifactType !== undefined && { artifactType }),
  });
  await manifests.put(manifest);
  return describeManifest(manifest);
}
