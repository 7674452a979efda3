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
import { createOciImageBuilder, createOciIndexBuilder } from './build.ts';
import { ociFormats } from './format.ts';
import { OCI_EMPTY, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST, OCI_LAYER } from './media-types.ts';

const decoder = createManifestDecoder(ociFormats);
const config = new TextEncoder().encode('{}');

const layer: Descriptor = {
  mediaType: OCI_LAYER,
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

describe('the OCI image builder', () => {
  it('writes the bytes that distribution writes', async () => {
    const builder = createOciImageBuilder({ blobs: new FakeBlobs(), config });
    builder.appendReference({ ...layer, urls: ['https://a.example/?b=1&c=2'] });
    expect(text((await builder.build()).payload)).toBe(`{
   "schemaVersion": 2,
   "mediaType": "application/vnd.oci.image.manifest.v1+json",
   "config": {
      "mediaType": "application/vnd.oci.image.config.v1+json",
      "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      "size": 2
   },
   "layers": [
      {
         "mediaType": "application/vnd.oci.image.layer.v1.tar",
         "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "size": 0,
         "urls": [
            "https://a.example/?b=1\\u0026c=2"
         ]
      }
   ]
}`);
  });

  it('writes artifact type, subject and annotations where the image-spec has them', async () => {
    const builder = createOciImageBuilder({
      blobs: new FakeBlobs(),
      config,
      configMediaType: OCI_EMPTY,
      artifactType: 'application/vnd.example.sbom',
      subject: { ...layer, mediaType: OCI_IMAGE_MANIFEST },
      annotations: { b: '<>', a: '\u2028' },
    });
    const { payload } = await builder.build();
    expect(Object.keys(JSON.parse(text(payload)))).toEqual([
      'schemaVersion',
      'mediaType',
      'artifactType',
      'config',
      'layers',
      'subject',
      'annotations',
    ]);
    expect(text(payload)).toContain(`   "layers": [],\n   "subject": {\n`);
    expect(text(payload)).toContain(
      `   "annotations": {\n      "a": "\\u2028",\n      "b": "\\u003c\\u003e"\n   }\n}`,
    );
  });

  it('stores the config under its media type', async () => {
    const blobs = new FakeBlobs();
    const { references } = await createOciImageBuilder({
      blobs,
      config,
      configMediaType: OCI_EMPTY,
    }).build();
    expect(blobs.puts).toEqual([OCI_EMPTY]);
    expect(references[0]?.descriptor).toEqual({
      mediaType: OCI_EMPTY,
      digest: digestOf(config),
      size: 2,
    });
  });

  it('does not store a config that is there', async () => {
    const blobs = new FakeBlobs();
    const builder = createOciImageBuilder({ blobs, config });
    await builder.build();
    await builder.build();
    expect(blobs.puts).toHaveLength(1);
  });

  it('refuses a layer that is no descriptor before it stores the config', async () => {
    const blobs = new FakeBlobs();
    const builder = createOciImageBuilder({ blobs, config, layers: [{ ...layer, size: -1 }] });
    await expect(builder.build()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    expect(blobs.puts).toEqual([]);
  });

  it('lets the failure to store the config pass', async () => {
    const full = new RegistryError('STORAGE_FULL');
    const blobs = { stat: async () => undefined, put: () => Promise.reject(full) };
    await expect(createOciImageBuilder({ blobs, config }).build()).rejects.toBe(full);
  });

  it('has the layers as references, those given first', () => {
    const given = { ...layer, size: 1 };
    const builder = createOciImageBuilder({ blobs: new FakeBlobs(), config, layers: [given] });
    builder.appendReference(layer);
    expect(builder.references).toEqual([given, layer]);
  });
});

describe('the OCI index builder', () => {
  it('writes the bytes that distribution writes', async () => {
    const builder = createOciIndexBuilder({
      manifests: [
        {
          ...layer,
          mediaType: OCI_IMAGE_MANIFEST,
          artifactType: 'application/vnd.example',
          platform: { os: 'linux', variant: 'v7', architecture: 'arm', 'os.version': '' },
        },
      ],
      annotations: { '9': 'nine', '10': 'ten' },
    });
    expect(text((await builder.build()).payload)).toBe(`{
   "schemaVersion": 2,
   "mediaType": "application/vnd.oci.image.index.v1+json",
   "manifests": [
      {
         "mediaType": "application/vnd.oci.image.manifest.v1+json",
         "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "size": 0,
         "platform": {
            "architecture": "arm",
            "os": "linux",
            "variant": "v7"
         },
         "artifactType": "application/vnd.example"
      }
   ],
   "annotations": {
      "10": "ten",
      "9": "nine"
   }
}`);
  });

  it('builds an index without members', async () => {
    const { mediaType, references } = await createOciIndexBuilder().build();
    expect(mediaType).toBe(OCI_IMAGE_INDEX);
    expect(references).toEqual([]);
  });

  it('refuses an artifact type that is no media type', async () => {
    const builder = createOciIndexBuilder({ artifactType: 'sbom' });
    await expect(builder.build()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  it('stops when its signal is aborted', async () => {
    const reason = new Error('enough');
    const building = createOciIndexBuilder().build({ signal: AbortSignal.abort(reason) });
    await expect(building).rejects.toBe(reason);
  });
});

const annotations = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), {
  minKeys: 1,
});

const descriptor: fc.Arbitrary<Descriptor> = fc.record(
  {
    mediaType: fc.constantFrom(OCI_LAYER, OCI_IMAGE_MANIFEST, 'application/vnd.a.b+json'),
    digest: fc.uint8Array().map((content) => digestOf(content)),
    size: fc.maxSafeNat(),
    urls: fc.array(fc.webUrl({ withQueryParameters: true }), { minLength: 1 }),
    annotations,
    data: fc.constant('e30='),
    platform: fc.record(
      { architecture: fc.string(), os: fc.string(), variant: fc.string({ minLength: 1 }) },
      { requiredKeys: ['architecture', 'os'] },
    ),
    artifactType: fc.constant('application/vnd.example'),
  },
  { requiredKeys: ['mediaType', 'digest', 'size'] },
);

const relations = fc.record(
  { artifactType: fc.constant('application/vnd.example'), subject: descriptor, annotations },
  { requiredKeys: [] },
);

describe('what the OCI builders build', () => {
  it('is read back from its bytes, for every image', async () => {
    await fc.assert(
      fc.asyncProperty(relations, fc.array(descriptor), async (about, layers) => {
        const blobs = new FakeBlobs();
        const built = await createOciImageBuilder({ blobs, config, layers, ...about }).build();
        expect(decoder.decode(built.payload, OCI_IMAGE_MANIFEST)).toEqual(built);
        expect(decoder.decodeStored(built.payload)).toEqual(built);
        expect(built).toMatchObject(about);
        expect(built.references.slice(1).map((reference) => reference.descriptor)).toEqual(layers);
      }),
    );
  });

  it('is read back from its bytes, for every index', async () => {
    await fc.assert(
      fc.asyncProperty(relations, fc.array(descriptor), async (about, manifests) => {
        const built = await createOciIndexBuilder({ manifests, ...about }).build();
        expect(decoder.decode(built.payload, OCI_IMAGE_INDEX)).toEqual(built);
        expect(decoder.decodeStored(built.payload)).toEqual(built);
        expect(built).toMatchObject(about);
        expect(built.references.map((reference) => reference.descriptor)).toEqual(manifests);
      }),
    );
  });
});
