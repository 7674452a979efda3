import {
  createManifestDecoder,
  digestOf,
  RegistryError,
  type Descriptor,
  type Digest,
  type PutBlobOptions,
} from '@purser/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManifestListBuilder, createSchema2Builder } from './build.ts';
import type { ManifestListPlatform } from './encode-list-entry.ts';
import { schema2Formats } from './format.ts';
import {
  SCHEMA2_IMAGE_CONFIG,
  SCHEMA2_LAYER,
  SCHEMA2_MANIFEST,
  SCHEMA2_MANIFEST_LIST,
  SCHEMA2_PLUGIN_CONFIG,
} from './media-types.ts';

const decoder = createManifestDecoder(schema2Formats);
const config = new TextEncoder().encode('{}');

const layer: Descriptor = {
  mediaType: SCHEMA2_LAYER,
  digest: digestOf(new Uint8Array(0)),
  size: 0,
};

/** Blobs that know only what was put into them. */
class FakeBlobs {
  readonly puts: (string | undefined)[] = [];
  readonly #known = new Set<Digest>();

  async stat(digest: Digest): Promise<Descriptor | undefined> {
    return this.#known.has(digest)
      ? { mediaType: 'application/octet-stream', digest, size: 2 }
      : undefined;
  }

  async put(content: Uint8Array, { mediaType }: PutBlobOptions = {}): Promise<Descriptor> {
    const digest = digestOf(content);
    this.#known.add(digest);
    this.puts.push(mediaType);
    return { mediaType: 'application/octet-stream', digest, size: content.byteLength };
  }
}

function text(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}

describe('the schema 2 builder', () => {
  it('writes the bytes that distribution writes', async () => {
    const builder = createSchema2Builder({ blobs: new FakeBlobs(), config });
    builder.appendReference({ ...layer, urls: ['https://a.example/?b=<1>&c=2'] });
    expect(text((await builder.build()).payload)).toBe(`{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
   "config": {
      "mediaType": "application/vnd.docker.container.image.v1+json",
      "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      "size": 2
   },
   "layers": [
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "size": 0,
         "urls": [
            "https://a.example/?b=\\u003c1\\u003e\\u0026c=2"
         ]
      }
   ]
}`);
  });

  it('writes no layers as an empty list', async () => {
    const { payload } = await createSchema2Builder({ blobs: new FakeBlobs(), config }).build();
    expect(text(payload)).toMatch(/,\n {3}"layers": \[\]\n}$/);
  });

  it('stores the config under its media type', async () => {
    const blobs = new FakeBlobs();
    await createSchema2Builder({ blobs, config }).build();
    expect(blobs.puts).toEqual([SCHEMA2_IMAGE_CONFIG]);
  });

  it('describes a config that is there by the media type it was given', async () => {
    const blobs = new FakeBlobs();
    await blobs.put(config);
    const builder = createSchema2Builder({ blobs, config, configMediaType: SCHEMA2_PLUGIN_CONFIG });
    expect((await builder.build()).references[0]?.descriptor).toEqual({
      mediaType: SCHEMA2_PLUGIN_CONFIG,
      digest: digestOf(config),
      size: 2,
    });
    expect(blobs.puts).toHaveLength(1);
  });

  it('refuses a layer that is no descriptor before it stores the config', async () => {
    const blobs = new FakeBlobs();
    const builder = createSchema2Builder({ blobs, config, layers: [{ ...layer, mediaType: '' }] });
    await expect(builder.build()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    expect(blobs.puts).toEqual([]);
  });

  it('lets the failure to look for the config pass', async () => {
    const unavailable = new RegistryError('UNAVAILABLE');
    const blobs = { stat: () => Promise.reject(unavailable), put: async () => layer };
    await expect(createSchema2Builder({ blobs, config }).build()).rejects.toBe(unavailable);
  });

  it('has the layers as references, those given first', () => {
    const given = { ...layer, size: 1 };
    const builder = createSchema2Builder({ blobs: new FakeBlobs(), config, layers: [given] });
    builder.appendReference(layer);
    expect(builder.references).toEqual([given, layer]);
  });
});

describe('the manifest list builder', () => {
  it('writes the bytes that distribution writes', async () => {
    const platform: ManifestListPlatform = {
      features: ['sse4'],
      os: 'windows',
      'os.version': '10.0.10586',
      'os.features': ['win32k'],
      architecture: 'amd64',
    };
    const builder = createManifestListBuilder([
      { ...layer, mediaType: SCHEMA2_MANIFEST, platform },
    ]);
    builder.appendReference({ ...layer, artifactType: 'application/vnd.example' });
    expect(text((await builder.build()).payload)).toBe(`{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
   "manifests": [
      {
         "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
         "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "size": 0,
         "platform": {
            "architecture": "amd64",
            "os": "windows",
            "os.version": "10.0.10586",
            "os.features": [
               "win32k"
            ],
            "features": [
               "sse4"
            ]
         }
      },
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "size": 0,
         "artifactType": "application/vnd.example",
         "platform": {
            "architecture": "",
            "os": ""
         }
      }
   ]
}`);
  });

  it('stops when its signal is aborted', async () => {
    const reason = new Error('enough');
    const building = createManifestListBuilder().build({ signal: AbortSignal.abort(reason) });
    await expect(building).rejects.toBe(reason);
  });

  it('refuses a member that is no descriptor', async () => {
    const builder = createManifestListBuilder([{ ...layer, size: 0.5 }]);
    await expect(builder.build()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});

const descriptor: fc.Arbitrary<Descriptor> = fc.record(
  {
    mediaType: fc.constantFrom(SCHEMA2_LAYER, SCHEMA2_MANIFEST, 'application/vnd.a.b+json'),
    digest: fc.uint8Array().map((content) => digestOf(content)),
    size: fc.maxSafeNat(),
    platform: fc.record(
      { architecture: fc.string(), os: fc.string(), variant: fc.string({ minLength: 1 }) },
      { requiredKeys: ['architecture', 'os'] },
    ),
    urls: fc.array(fc.webUrl({ withQueryParameters: true }), { minLength: 1 }),
    annotations: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), {
      minKeys: 1,
    }),
    data: fc.constant('e30='),
    artifactType: fc.constant('application/vnd.example'),
  },
  { requiredKeys: ['mediaType', 'digest', 'size', 'platform'] },
);

describe('what the schema 2 builders build', () => {
  it('is read back from its bytes, for every manifest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(descriptor), async (layers) => {
        const blobs = new FakeBlobs();
        const built = await createSchema2Builder({ blobs, config, layers }).build();
        expect(decoder.decode(built.payload, SCHEMA2_MANIFEST)).toEqual(built);
        expect(decoder.decodeStored(built.payload)).toEqual(built);
        expect(built.references.slice(1).map((reference) => reference.descriptor)).toEqual(layers);
      }),
    );
  });

  it('is read back from its bytes, for every manifest list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(descriptor), async (manifests) => {
        const built = await createManifestListBuilder(manifests).build();
        expect(decoder.decode(built.payload, SCHEMA2_MANIFEST_LIST)).toEqual(built);
        expect(decoder.decodeStored(built.payload)).toEqual(built);
        expect(built.references.map((reference) => reference.descriptor)).toEqual(manifests);
      }),
    );
  });
});
