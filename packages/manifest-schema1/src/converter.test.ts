import {
  createManifestDecoder,
  digestOf,
  parseRepositoryName,
  parseTag,
  type Digest,
  type Manifest,
  type Repository,
} from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { createSchema1Converter } from './converter.ts';
import { EMPTY_LAYER, EMPTY_LAYER_DIGEST } from './empty-layer.ts';
import { registry } from './fixtures/vectors.ts';
import { createSchema1Format } from './format.ts';
import { SCHEMA2_MANIFEST } from './media-types.ts';
import { generateSigningKey } from './signing-key.ts';

const signingKey = generateSigningKey();
const converter = createSchema1Converter({ signingKey });
const decoder = createManifestDecoder([createSchema1Format({ signingKey })]);
const tag = parseTag('1.0');

function createRepository(): Repository {
  return createMemoryRegistry().repository(parseRepositoryName('library/new'));
}

const { config, layers } = JSON.parse(registry.manifest) as {
  config: { digest: Digest; size: number };
  layers: { digest: Digest; size: number }[];
};

/** The schema 2 manifest that was pushed to docker-registry. */
function schema2(members: { readonly configSize?: number } = {}): Manifest {
  const parts = [{ ...config, size: members.configSize ?? config.size }, ...layers];
  return {
    mediaType: SCHEMA2_MANIFEST,
    payload: Buffer.from(registry.manifest),
    references: parts.map(({ digest, size }) => ({
      kind: 'blob',
      descriptor: { mediaType: 'application/octet-stream', digest, size },
      foreign: false,
    })),
  };
}

/** A manifest about a config that is in the repository, and no layers. */
async function imageOf(repository: Repository, content: string): Promise<Manifest> {
  const descriptor = await repository.blobs.put(Buffer.from(content));
  return {
    mediaType: SCHEMA2_MANIFEST,
    payload: Buffer.from('{}'),
    references: [{ kind: 'blob', descriptor, foreign: false }],
  };
}

describe('the converter to schema 1', () => {
  it('converts schema 2 as docker-registry does', async () => {
    const repository = createRepository();
    await repository.blobs.put(Buffer.from(registry.config));
    const converted = await converter.convert(schema2(), { repository, tag });
    const expected = decoder.decode(Buffer.from(registry.converted), '');
    expect(digestOf(converted.canonical ?? new Uint8Array())).toBe(
      digestOf(expected.canonical ?? new Uint8Array()),
    );
    expect(decoder.decode(converted.payload, '').claims).toEqual({
      repository: 'library/new',
      tag: '1.0',
    });
    expect(converter.mediaType).toBe(SCHEMA2_MANIFEST);
  });

  it('puts the empty layer where it is needed', async () => {
    const repository = createRepository();
    const image = await imageOf(
      repository,
      '{"rootfs":{"diff_ids":[]},"history":[{"empty_layer":true}]}',
    );
    await converter.convert(image, { repository, tag });
    await converter.convert(image, { repository, tag });
    const chunks = await (await repository.blobs.open(EMPTY_LAYER_DIGEST)).toArray();
    expect(Buffer.concat(chunks as Uint8Array[]).equals(EMPTY_LAYER)).toBe(true);
  });

  it('puts nothing when the image cannot be converted', async () => {
    const repository = createRepository();
    const image = await imageOf(
      repository,
      '{"rootfs":{"diff_ids":["a"]},"history":[{"empty_layer":true}]}',
    );
    await expect(converter.convert(image, { repository, tag })).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    });
    expect(await repository.blobs.stat(EMPTY_LAYER_DIGEST)).toBeUndefined();
  });

  it('refuses an image whose config is not there, and says why', async () => {
    const converting = converter.convert(schema2(), { repository: createRepository(), tag });
    await expect(converting).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      cause: { code: 'BLOB_UNKNOWN' },
    });
  });

  it('refuses a config that says it is too large without looking for it', async () => {
    const image = schema2({ configSize: 1024 * 1024 + 1 });
    const converting = converter.convert(image, { repository: createRepository(), tag });
    await expect(converting).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringContaining('too large') as string,
    });
  });

  it('refuses a config that is larger than it says', async () => {
    const repository = createRepository();
    const image = await imageOf(repository, ' '.repeat(1024 * 1024 + 1));
    const [{ descriptor }] = image.references as [Manifest['references'][0]];
    const lying: Manifest = {
      ...image,
      references: [{ kind: 'blob', descriptor: { ...descriptor, size: 1 }, foreign: false }],
    };
    await expect(converter.convert(lying, { repository, tag })).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringContaining('too large') as string,
    });
  });

  it('refuses a manifest that refers to nothing', async () => {
    const empty = { ...schema2(), references: [] };
    const converting = converter.convert(empty, { repository: createRepository(), tag });
    await expect(converting).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  it('lets the failure of the repository pass', async () => {
    const repository = createRepository();
    const signal = AbortSignal.abort(new Error('enough'));
    await repository.blobs.put(Buffer.from(registry.config));
    const converting = converter.convert(schema2(), { repository, tag }, { signal });
    await expect(converting).rejects.toThrow('enough');
  });
});
