import { isObject, type JsonObject } from '../strict-json.ts';
import { parseDescriptor, type Descriptor } from '../descriptor.ts';
import { digestOf } from '../digest.ts';
import { RegistryError } from '../errors.ts';
import type { Manifest, ManifestFormat, ManifestReference } from '../manifest.ts';

/** Bytes that look random and are the same for the same seed. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let index = 0; index < size; index++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}

/** The descriptor of bytes. */
export function describeBytes(
  content: Uint8Array,
  mediaType = 'application/vnd.oci.image.layer.v1.tar',
): Descriptor {
  return { mediaType, digest: digestOf(content), size: content.byteLength };
}

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

export interface SampleImage {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Makes manifests of the same blobs differ. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/** An OCI image manifest. */
export function sampleImage(image: SampleImage): Manifest {
  return make(imageFormat, { schemaVersion: 2, mediaType: IMAGE, ...image });
}

/** An OCI image index. */
export function sampleIndex(manifests: readonly Descriptor[]): Manifest {
  return make(indexFormat, { schemaVersion: 2, mediaType: INDEX, manifests });
}

const imageFormat: ManifestFormat = {
  mediaType: IMAGE,
  recognizes: (document) => 'config' in document && !('manifests' in document),
  decode: (payload, document) => ({
    mediaType: IMAGE,
    payload,
    references: references('blob', [document['config'], ...list(document, 'layers')]),
    ...relations(document),
    artifactType: (document['artifactType'] ?? configTypeOf(document)) as string | undefined,
  }),
};

const indexFormat: ManifestFormat = {
  mediaType: INDEX,
  recognizes: (document) => 'manifests' in document && !('config' in document),
  decode: (payload, document) => ({
    mediaType: INDEX,
    payload,
    references: references('manifest', list(document, 'manifests')),
    ...relations(document),
  }),
};

/** Reads OCI images and indexes as far as tests need it; the real thing is `@purser/manifest-oci`. */
export const sampleFormats: readonly ManifestFormat[] = [imageFormat, indexFormat];

function relations(document: JsonObject): Partial<Manifest> {
  const { subject, artifactType, annotations } = document as Partial<Manifest>;
  return { subject, artifactType, annotations };
}

function configTypeOf({ config }: JsonObject): unknown {
  return isObject(config) ? config['mediaType'] : undefined;
}

function make(format: ManifestFormat, document: JsonObject): Manifest {
  return format.decode(Buffer.from(JSON.stringify(document)), document);
}

function list(document: JsonObject, member: string): readonly unknown[] {
  const value = document[member];
  if (Array.isArray(value)) return value as unknown[];
  throw new RegistryError('MANIFEST_INVALID', { message: `${member} is missing` });
}

function references(
  kind: ManifestReference['kind'],
  values: readonly unknown[],
): readonly ManifestReference[] {
  return values.map((value, index) => ({
    kind,
    descriptor: parseDescriptor(isObject(value) ? value : undefined, `references[${index}]`),
    foreign: false,
  }));
}
