import { digestOf, type SampleBlob, type SampleManifest } from '@purser/registry-under-test';

export const IMAGE_INDEX = 'application/vnd.oci.image.index.v1+json';
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';

/** A manifest in a repository, with all that it needs. */
export interface Image {
  readonly repository: string;
  readonly mediaType: string;
  readonly manifest: SampleManifest;
  readonly blobs: readonly SampleBlob[];
  /** Of an index. */
  readonly members: readonly Image[];
  /** What was attached to it, and acknowledged. */
  readonly referrers: Image[];
}

/** Everything that goes away with the image, itself first. */
export function withAll(image: Image): readonly Image[] {
  return [image, ...image.members.flatMap(withAll), ...image.referrers.flatMap(withAll)];
}

export function imageIndex(repository: string, members: readonly Image[], note: string): Image {
  const document = {
    schemaVersion: 2,
    mediaType: IMAGE_INDEX,
    manifests: members.map(({ mediaType, manifest: { digest, payload } }) => ({
      mediaType,
      digest,
      size: payload.byteLength,
    })),
    annotations: { 'org.opencontainers.image.title': note },
  };
  return {
    repository,
    mediaType: IMAGE_INDEX,
    manifest: sealed(document),
    blobs: [],
    members,
    referrers: [],
  };
}

/** What is said about another manifest: as a signature is attached. */
export function referrerOf(subject: Image, content: SampleBlob, config: SampleBlob): Image {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const document = {
    schemaVersion: 2,
    mediaType,
    artifactType: 'application/vnd.example.signature',
    config: { mediaType: EMPTY_CONFIG, digest: config.digest, size: config.size },
    layers: [{ mediaType: 'application/octet-stream', digest: content.digest, size: content.size }],
    subject: {
      mediaType: subject.mediaType,
      digest: subject.manifest.digest,
      size: subject.manifest.payload.byteLength,
    },
  };
  return {
    repository: subject.repository,
    mediaType,
    manifest: sealed(document),
    blobs: [config, content],
    members: [],
    referrers: [],
  };
}

function sealed(document: object): SampleManifest {
  const payload = Buffer.from(JSON.stringify(document));
  return { digest: digestOf(payload), payload };
}
