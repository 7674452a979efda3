import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import {
  createMemoryRegistry,
  describeBytes,
  sampleImage,
  sampleIndex,
} from '@purser/core/testing';
import { errorOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST } from '../fixtures/upload-requests.ts';
import { describeManifestBytes, RepositoryClient } from './fixtures/repository-client.ts';

async function statusesOf(client: RepositoryClient, ...paths: readonly string[]) {
  const statuses: number[] = [];
  for (const path of paths) statuses.push((await client.send('HEAD', path)).status);
  return statuses;
}

describe('Delete', () => {
  it('D-1 deletes a tag and keeps the manifest and its other tags', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['gone', 'kept']);
    expect((await client.send('DELETE', 'manifests/gone')).status).toBe(202);
    const paths = ['manifests/gone', 'manifests/kept', `manifests/${digest}`];
    expect(await statusesOf(client, ...paths)).toEqual([404, 200, 200]);
  });

  it('D-2 deletes a manifest with every tag that pointed to it', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['one', 'two']);
    await client.pushImage(['other'], { seed: 5 });
    expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(202);
    const paths = [`manifests/${digest}`, 'manifests/one', 'manifests/two', 'manifests/other'];
    expect(await statusesOf(client, ...paths)).toEqual([404, 404, 404, 200]);
    expect(await client.tags()).toEqual(['other']);
  });

  it('D-3 deletes a blob in one repository and keeps it in others', async () => {
    await using client = await RepositoryClient.serve();
    await client.pushBlob(CONTENT);
    await client.in('a/c').pushBlob(CONTENT);
    expect((await client.send('DELETE', `blobs/${DIGEST}`)).status).toBe(202);
    expect((await client.get(`blobs/${DIGEST}`)).status).toBe(404);
    expect((await client.in('a/c').get(`blobs/${DIGEST}`)).status).toBe(200);
  });

  it('D-4 does not know a blob that is not there, or not any more', async () => {
    await using client = await RepositoryClient.serve();
    const remove = async () => errorOf(await client.send('DELETE', `blobs/${DIGEST}`));
    const unknown = { status: 404, code: 'BLOB_UNKNOWN' };
    expect(await remove()).toEqual(unknown);
    await client.pushBlob(CONTENT);
    await client.send('DELETE', `blobs/${DIGEST}`);
    expect(await remove()).toEqual(unknown);
  });

  it('D-5 finds nothing to delete in a repository that does not exist', async () => {
    await using client = await RepositoryClient.serve();
    for (const path of ['manifests/latest', `manifests/${DIGEST}`, `blobs/${DIGEST}`]) {
      expect((await client.send('DELETE', path)).status).toBe(404);
    }
    expect((await client.get('tags/list')).status).toBe(404);
  });

  it('D-6 does not know a tag or a manifest that is not there', async () => {
    await using client = await RepositoryClient.serve();
    await client.pushImage(['latest']);
    for (const reference of ['other', DIGEST]) {
      const response = await client.send('DELETE', `manifests/${reference}`);
      expect(await errorOf(response)).toEqual({ status: 404, code: 'MANIFEST_UNKNOWN' });
    }
  });

  it('D-7 refuses with 405 when deletion is off, and nothing is gone', async () => {
    const registry = createMemoryRegistry({ deletion: false });
    await using client = await RepositoryClient.serve({ registry });
    const digest = await client.pushImage(['latest']);
    await client.pushBlob(CONTENT);
    for (const path of ['manifests/latest', `manifests/${digest}`, `blobs/${DIGEST}`]) {
      const response = await client.send('DELETE', path);
      expect(await errorOf(response)).toEqual({ status: 405, code: 'UNSUPPORTED' });
      expect((await client.get(path)).status).toBe(200);
    }
  });

  it('D-8 takes effect before it is answered', async () => {
    await using client = await RepositoryClient.serve();
    for (let round = 0; round < 5; round++) {
      const digest = await client.pushImage(['latest']);
      for (const path of ['manifests/latest', `manifests/${digest}`]) {
        await client.send('HEAD', path);
        await client.send('DELETE', path);
        expect(await statusesOf(client, path)).toEqual([404]);
      }
    }
  });

  it('D-9 deletes a blob to which a manifest refers, and keeps the manifest', async () => {
    await using client = await RepositoryClient.serve();
    const layer = describeBytes(CONTENT);
    await client.pushBlob(CONTENT);
    const image = sampleImage({ config: layer, layers: [layer] });
    await client.push('latest', image);
    expect((await client.send('DELETE', `blobs/${layer.digest}`)).status).toBe(202);
    expect((await client.get('manifests/latest')).status).toBe(200);
  });

  it('D-10 deletes the member of an index and the subject of a referrer', async () => {
    await using client = await RepositoryClient.serve();
    const member = await client.prepareImage();
    const digest = await client.push(digestOf(member.payload), member);
    await client.push('index', sampleIndex([describeManifestBytes(member)]));
    const subject = describeManifestBytes(member);
    const referrer = await client.pushImage([], { subject, seed: 5 });
    expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(202);
    const paths = [`manifests/${digest}`, 'manifests/index', `manifests/${referrer}`];
    expect(await statusesOf(client, ...paths)).toEqual([404, 200, 200]);
  });
});
