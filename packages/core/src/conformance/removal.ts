import assert from 'node:assert/strict';
import { digestOf } from '../digest.ts';
import type { Repository } from '../registry.ts';
import type { RepositoryRemover } from '../repository-remover.ts';
import { parseTag } from '../tag.ts';
import { sampleBytes } from '../testing/samples.ts';
import { collect, fails, pushImage, repositoryOf, type RegistryTest } from './suite.ts';

const tag = parseTag('latest');

export function testRemoval(test: RegistryTest): void {
  test('leaves nothing of a removed repository', async (registry) => {
    const repository = repositoryOf(registry);
    const { digest } = await pushImage(repository);
    await repository.tags.tag(tag, digest);
    const blob = sampleBytes(1000, 1);
    await removerOf(repository).remove();
    assert.equal(await repository.manifests.exists(digest), false);
    assert.equal(await repository.tags.get(tag), undefined);
    assert.equal(await repository.blobs.stat(digestOf(blob)), undefined);
    await fails(collect(repository.tags.list()), 'NAME_UNKNOWN');
    assert.deepEqual(await collect(registry.repositories()), []);
  });

  test('ends the uploads of a removed repository', async (registry) => {
    const repository = repositoryOf(registry);
    const writer = await repository.blobs.create();
    await writer.close();
    await removerOf(repository).remove();
    await fails(repository.blobs.uploadStatus(writer.id), 'BLOB_UPLOAD_UNKNOWN');
  });

  test('leaves repositories below a removed one, and content that others share', async (registry) => {
    const names = ['suite', 'suite/first', 'suite/first/below', 'suite/first-beside'];
    for (const name of names) await pushImage(repositoryOf(registry, name));
    await removerOf(repositoryOf(registry)).remove();
    const left = names.filter((name) => name !== 'suite/first');
    assert.deepEqual(await collect(registry.repositories()), left);
    for (const name of left) {
      const { blobs } = repositoryOf(registry, name);
      assert.ok(await blobs.stat(digestOf(sampleBytes(1000, 1))));
    }
  });

  test('knows no repository of which nothing is left', async (registry) => {
    const repository = repositoryOf(registry);
    await fails(removerOf(repository).remove(), 'NAME_UNKNOWN');
    await pushImage(repository);
    await removerOf(repository).remove();
    await fails(removerOf(repository).remove(), 'NAME_UNKNOWN');
  });

  test('takes an image again after its repository was removed', async (registry) => {
    const repository = repositoryOf(registry);
    const { digest } = await pushImage(repository);
    await removerOf(repository).remove();
    await pushImage(repository);
    assert.equal(await repository.manifests.exists(digest), true);
  });
}

function removerOf({ remover }: Repository): RepositoryRemover {
  assert.ok(remover, 'the repository has a remover');
  return remover;
}
