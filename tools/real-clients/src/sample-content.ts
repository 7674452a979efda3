import {
  ask,
  digestOf,
  finishUpload,
  imageManifest,
  IMAGE_MANIFEST,
  manifestPath,
  pushStreamed,
  pushWhole,
  sendPart,
  startUpload,
  type ContentSource,
  type RegistryClient,
  type SampleBlob,
} from '@purser/registry-under-test';

export const IMAGE_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** A manifest as it is pushed. */
export interface Payload {
  readonly mediaType: string;
  readonly digest: string;
  readonly payload: Buffer;
}

/** An upload that was begun and left. */
export interface UnfinishedUpload {
  readonly repository: string;
  readonly id: string;
  readonly blob: SampleBlob;
  /** Bytes already sent. */
  readonly sent: number;
}

/** What {@link pushSampleContent} left in a registry, as far as tests need to name it. */
export interface SampleContent {
  /** In `team/app`. */
  readonly shared: readonly SampleBlob[];
  readonly narrow: SampleBlob;
  readonly firstImage: Payload;
  readonly secondImage: Payload;
  readonly unfinished: UnfinishedUpload;
}

/**
 * Fills a registry, always with the same: several repositories that share layers by mount, several tags of which one was
 * moved, a manifest list, an index, and an upload left unfinished.
 */
export async function pushSampleContent(
  client: RegistryClient,
  source: ContentSource,
): Promise<SampleContent> {
  const config = source.sample({ seed: 0, size: 700 });
  const wide = source.sample({ seed: 1, size: 1_500_000 });
  const narrow = source.sample({ seed: 2, size: 40_000 });
  const own = source.sample({ seed: 3, size: 1 });
  const base = { client, source, repository: 'library/base' };
  await pushStreamed(base, config);
  await pushStreamed(base, wide);
  await pushWhole(base, narrow);
  const firstImage = ociImage(config, [wide, narrow]);
  await push(base, '1.0', firstImage);
  await push(base, 'latest', firstImage);

  const app = { client, source, repository: 'team/app' };
  for (const blob of [config, wide, narrow]) await mount(app, blob, base.repository);
  await pushWhole(app, own);
  const secondImage = ociImage(config, [wide, own]);
  await push(app, '1.0', firstImage);
  await push(app, 'latest', firstImage);
  await push(app, '2.0', secondImage);
  await push(app, 'latest', secondImage);

  const lists = { client, repository: 'team/app/for_all-platforms' };
  for (const blob of [config, wide, own]) await mount(lists, blob, app.repository);
  const docker = [dockerImage(config, [wide]), dockerImage(config, [own])];
  const oci = [ociImage(config, [wide]), ociImage(config, [own])];
  for (const image of [...docker, ...oci]) await push(lists, image.digest, image);
  await push(lists, 'docker', listOf(DOCKER_LIST, docker));
  await push(lists, 'oci', listOf(IMAGE_INDEX, oci));

  const unfinished = await beginUpload(app, source.sample({ seed: 9, size: 900_000 }));
  return { shared: [config, wide, narrow, own], narrow, firstImage, secondImage, unfinished };
}

/** Begins an upload and sends half of its content. */
export async function beginUpload(
  target: Repository & { readonly source: ContentSource },
  blob: SampleBlob,
): Promise<UnfinishedUpload> {
  const sent = blob.size / 2;
  const location = await startUpload(target);
  await sendPart(target, { location, content: target.source.chunks(blob, 0, sent) });
  const id = /uploads\/([0-9a-f-]+)/.exec(location)?.[1];
  if (id === undefined) throw new Error(`no upload id in ${location}`);
  return { repository: target.repository, id, blob, sent };
}

/** Sends the other half of an upload, with a URL that holds nothing but its id. */
export async function endUpload(
  client: RegistryClient,
  { repository, id, blob, sent }: UnfinishedUpload,
  source: ContentSource,
): Promise<void> {
  const content = source.chunks(blob, sent);
  const location = `/v2/${repository}/blobs/uploads/${id}`;
  const rest = { location, blob, content, length: blob.size - sent };
  await finishUpload({ client, repository, source }, rest);
}

interface Repository {
  readonly client: RegistryClient;
  readonly repository: string;
}

/** Links a blob of another repository into this one. @throws UnexpectedAnswer when an upload is offered instead. */
export async function mount(
  { client, repository }: Repository,
  { digest }: SampleBlob,
  from: string,
): Promise<void> {
  const path = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`;
  await ask(client, { method: 'POST', path }, [201]);
}

/** Pushes a manifest of any type under a tag or its digest. */
export async function push(
  { client, repository }: Repository,
  reference: string,
  { mediaType, payload }: Payload,
): Promise<void> {
  const path = manifestPath(repository, reference);
  const headers = { 'content-type': mediaType };
  await ask(client, { method: 'PUT', path, headers, body: payload }, [201]);
}

export function ociImage(config: SampleBlob, layers: readonly SampleBlob[]): Payload {
  return { mediaType: IMAGE_MANIFEST, ...imageManifest(config, layers) };
}

export function dockerImage(config: SampleBlob, layers: readonly SampleBlob[]): Payload {
  const describe = (type: string, { digest, size }: SampleBlob) => ({
    mediaType: `application/vnd.docker.${type}`,
    size,
    digest,
  });
  return encode(DOCKER_MANIFEST, {
    config: describe('container.image.v1+json', config),
    layers: layers.map((layer) => describe('image.rootfs.diff.tar.gzip', layer)),
  });
}

/** A list or an index of images, each for linux on one of the architectures. */
export function listOf(
  mediaType: string,
  images: readonly Payload[],
  architectures: readonly string[] = ['amd64', 'arm64'],
): Payload {
  const manifests = images.map(({ digest, payload, ...image }, index) => ({
    mediaType: image.mediaType,
    digest,
    size: payload.byteLength,
    platform: { os: 'linux', architecture: architectures[index] },
  }));
  return encode(mediaType, { manifests });
}

function encode(mediaType: string, members: object): Payload {
  const document = { schemaVersion: 2, mediaType, ...members };
  const payload = Buffer.from(JSON.stringify(document, null, 3));
  return { mediaType, payload, digest: digestOf(payload) };
}
