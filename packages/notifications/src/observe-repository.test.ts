import {
  digestOf,
  parseRepositoryName,
  parseTag,
  RegistryError,
  type Descriptor,
  type Registry,
  type Repository,
} from '@purser/core';
import { describeRegistryConformance } from '@purser/core/conformance';
import { createMemoryRegistry, describeBytes, sampleImage } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import type { Occurrence } from './listener.ts';
import { observeRepository } from './observe-repository.ts';

const name = parseRepositoryName('library/hello');
const content = Buffer.from('hello');
const digest = digestOf(content);
const latest = parseTag('latest');

/** A repository observed for one request, and what was told of it: `push blob`, `pull manifest latest`. */
function observed(repository: Repository, method: string) {
  const occurrences: Occurrence[] = [];
  const subject = observeRepository(
    repository,
    async (_, occurrence) => void occurrences.push(occurrence),
    { method },
  );
  return { subject, occurrences, told: () => occurrences.map(summarize) };
}

function summarize(occurrence: Occurrence): string {
  const { action, kind } = occurrence;
  const tag = 'tag' in occurrence ? occurrence.tag : undefined;
  return `${action} ${kind}${tag === undefined ? '' : ` ${tag}`}`;
}

function emptyRepository(): Repository {
  return createMemoryRegistry().repository(name);
}

async function withImage(): Promise<{ repository: Repository; image: Descriptor }> {
  const repository = emptyRepository();
  const config = await repository.blobs.put(Buffer.from('{}'));
  const manifest = sampleImage({ config, layers: [] });
  const imageDigest = await repository.manifests.put(manifest);
  await repository.tags.tag(latest, imageDigest);
  return { repository, image: describeBytes(manifest.payload) };
}

const image = sampleImage({ config: describeBytes(Buffer.from('{}')), layers: [] });

describe('a repository', () => {
  it('is told as a whole when it is removed, after it was', async () => {
    const { repository } = await withImage();
    const { subject, told } = observed(repository, 'DELETE');
    await subject.remover!.remove();
    expect(told()).toEqual(['delete repository']);
    await expect(subject.remover!.remove()).rejects.toMatchObject({ code: 'NAME_UNKNOWN' });
    expect(told()).toHaveLength(1);
  });

  it('cannot be removed where it could not', () => {
    const { subject } = observed({ ...emptyRepository(), remover: undefined }, 'DELETE');
    expect(subject.remover).toBeUndefined();
  });
});

describe('blobs', () => {
  it('are pulled once by a GET, which looks at them and then opens them', async () => {
    const repository = emptyRepository();
    await repository.blobs.put(content);
    const { subject, occurrences } = observed(repository, 'GET');
    await subject.blobs.locate(digest, { method: 'GET' });
    await subject.blobs.stat(digest);
    (await subject.blobs.open(digest)).destroy();
    expect(occurrences).toEqual([
      {
        kind: 'blob',
        action: 'pull',
        descriptor: describeBytes(content, 'application/octet-stream'),
      },
    ]);
  });

  it('are pulled by a HEAD, which only looks at them', async () => {
    const repository = emptyRepository();
    await repository.blobs.put(content);
    const { subject, told } = observed(repository, 'HEAD');
    await subject.blobs.stat(digest);
    expect(told()).toEqual(['pull blob']);
  });

  it('are pulled by who is sent to where they lie', async () => {
    const repository = emptyRepository();
    await repository.blobs.put(content);
    repository.blobs.locate = async () => new URL('https://bucket.example/hello');
    const { subject, told } = observed(repository, 'GET');
    await subject.blobs.locate(digest, { method: 'GET' });
    expect(told()).toEqual(['pull blob']);
  });

  it('are pulled by who opens them without a look', async () => {
    const repository = emptyRepository();
    await repository.blobs.put(content);
    const { subject, told } = observed(repository, 'GET');
    const opened = await subject.blobs.open(digest);
    expect(Buffer.concat(await opened.toArray())).toEqual(content);
    expect(told()).toEqual(['pull blob']);
  });

  it('are not pulled when they are not there, or when another request looks at them', async () => {
    const repository = emptyRepository();
    const get = observed(repository, 'GET');
    await get.subject.blobs.stat(digest);
    await expect(get.subject.blobs.open(digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    await repository.blobs.put(content);
    const put = observed(repository, 'PUT');
    await put.subject.blobs.stat(digest);
    expect([...get.told(), ...put.told()]).toEqual([]);
  });

  it('are not pulled when a request for a manifest looks whether they are there', async () => {
    const { repository, image: pushed } = await withImage();
    const { subject, told } = observed(repository, 'GET');
    await subject.manifests.get(pushed.digest);
    await subject.blobs.stat(digestOf(Buffer.from('{}')));
    expect(told()).toEqual(['pull manifest']);
    (await subject.blobs.open(digestOf(Buffer.from('{}')))).destroy();
    expect(told()).toEqual(['pull manifest', 'pull blob']);
  });

  it('are pushed when an upload is committed, here or after it was resumed, and not before', async () => {
    const { subject, told } = observed(emptyRepository(), 'PUT');
    const begun = await subject.blobs.create();
    await begun.close();
    const writer = await subject.blobs.resume(begun.id);
    await writer.append(ReadableStream.from([content]));
    expect(told()).toEqual([]);
    await writer.commit(digest);
    expect(told()).toEqual(['push blob']);
  });

  it('are not pushed when the content is not what the digest says', async () => {
    const { subject, told } = observed(emptyRepository(), 'PUT');
    const writer = await subject.blobs.create();
    await expect(writer.commit(digest)).rejects.toMatchObject({ code: 'DIGEST_INVALID' });
    expect(told()).toEqual([]);
  });

  it('are mounted from where the client said', async () => {
    const registry = createMemoryRegistry();
    const from = parseRepositoryName('library/source');
    await registry.repository(from).blobs.put(content);
    const { subject, occurrences } = observed(registry.repository(name), 'POST');
    await subject.blobs.mount(digest, { from });
    await subject.blobs.mount(digestOf(Buffer.from('another')), { from });
    const descriptor = describeBytes(content, 'application/octet-stream');
    expect(occurrences).toEqual([{ kind: 'blob', action: 'mount', descriptor, from }]);
  });

  it('are deleted once', async () => {
    const repository = emptyRepository();
    await repository.blobs.put(content);
    const { subject, occurrences } = observed(repository, 'DELETE');
    await subject.blobs.delete(digest);
    await expect(subject.blobs.delete(digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    expect(occurrences).toEqual([{ kind: 'blob', action: 'delete', digest }]);
  });
});

describe('manifests', () => {
  it('are pulled by the tag that was looked up, or without one', async () => {
    const {
      repository,
      image: { digest: byDigest },
    } = await withImage();
    const tagged = observed(repository, 'GET');
    const found = await tagged.subject.tags.get(latest);
    await tagged.subject.manifests.get(found ?? digest);
    const untagged = observed(repository, 'GET');
    await untagged.subject.manifests.get(byDigest);
    expect([...tagged.told(), ...untagged.told()]).toEqual([
      'pull manifest latest',
      'pull manifest',
    ]);
  });

  it('are not pulled by who asks whether they exist', async () => {
    const {
      repository,
      image: { digest: byDigest },
    } = await withImage();
    const { subject, told } = observed(repository, 'GET');
    await subject.manifests.exists(byDigest);
    expect(told()).toEqual([]);
  });

  it('are pushed by tag once, when the tag is set', async () => {
    const { repository } = await withImage();
    const { subject, told } = observed(repository, 'PUT');
    const pushed = await subject.manifests.put(image);
    expect(told()).toEqual([]);
    await subject.tags.tag(latest, pushed);
    await nextTurn();
    expect(told()).toEqual(['push manifest latest']);
  });

  it('are pushed without a tag when the tag cannot be set', async () => {
    const { repository } = await withImage();
    const { subject, told } = observed(repository, 'PUT');
    const pushed = await subject.manifests.put(image);
    const tagging = subject.tags.tag(latest, pushed, { allow: () => false });
    await expect(tagging).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await nextTurn();
    expect(told()).toEqual(['push manifest']);
  });

  it('are pushed without a tag when nobody sets one', async () => {
    const { repository } = await withImage();
    const { subject, told } = observed(repository, 'PUT');
    await subject.manifests.put(image);
    await nextTurn();
    expect(told()).toEqual(['push manifest']);
  });

  it('are pushed once more with each tag that a push by digest sets', async () => {
    const { repository } = await withImage();
    const { subject, told } = observed(repository, 'PUT');
    const pushed = await subject.manifests.put(image, {
      digest: digestOf(image.payload),
    });
    expect(told()).toEqual(['push manifest']);
    await subject.tags.tag(parseTag('one'), pushed);
    await subject.tags.tag(parseTag('two'), pushed);
    expect(told()).toEqual(['push manifest', 'push manifest one', 'push manifest two']);
  });

  it('are not pushed by a tag alone', async () => {
    const {
      repository,
      image: { digest: byDigest },
    } = await withImage();
    const { subject, told } = observed(repository, 'PUT');
    await subject.tags.tag(parseTag('other'), byDigest);
    expect(told()).toEqual([]);
  });

  it('are not pushed when something they need is missing', async () => {
    const { subject, told } = observed(emptyRepository(), 'PUT');
    await expect(subject.manifests.put(image)).rejects.toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    });
    await nextTurn();
    expect(told()).toEqual([]);
  });

  it('take their tags with them', async () => {
    const {
      repository,
      image: { digest: byDigest },
    } = await withImage();
    await repository.tags.tag(parseTag('another'), byDigest);
    const { subject, told } = observed(repository, 'DELETE');
    await subject.manifests.delete(byDigest);
    expect(told()).toEqual(['delete manifest', 'delete tag another', 'delete tag latest']);
  });

  it('tell of the tags that a deletion removed before it failed', async () => {
    const {
      repository,
      image: { digest: byDigest },
    } = await withImage();
    for (const tag of ['a', 'b', 'c']) await repository.tags.tag(parseTag(tag), byDigest);
    const manifests = Object.assign(Object.create(repository.manifests) as object, {
      async delete() {
        for (const tag of ['a', 'b']) await repository.tags.untag(parseTag(tag));
        throw new Error('left');
      },
    });
    const failing = Object.assign(Object.create(repository) as Repository, { manifests });
    const { subject, told } = observed(failing, 'DELETE');
    await expect(subject.manifests.delete(byDigest)).rejects.toThrow('left');
    expect(told()).toEqual(['delete tag a', 'delete tag b']);
  });

  it('are not deleted where deletion is switched off', async () => {
    const repository = createMemoryRegistry({ deletion: false }).repository(name);
    const { subject, told } = observed(repository, 'DELETE');
    await expect(subject.manifests.delete(digest)).rejects.toSatisfy((error) =>
      RegistryError.is(error, 'UNSUPPORTED'),
    );
    expect(told()).toEqual([]);
  });
});

describe('tags', () => {
  it('are deleted by themselves', async () => {
    const { repository } = await withImage();
    const { subject, told } = observed(repository, 'DELETE');
    await subject.tags.untag(latest);
    await expect(subject.tags.untag(latest)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    expect(told()).toEqual(['delete tag latest']);
  });
});

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}

describeRegistryConformance('observed', {
  describe,
  it,
  createRegistry: async () => ({ registry: observedRegistry(createMemoryRegistry()) }),
});

function observedRegistry(registry: Registry): Registry {
  return {
    repository: (repositoryName) => observed(registry.repository(repositoryName), 'GET').subject,
    repositories: (options) => registry.repositories(options),
  };
}
