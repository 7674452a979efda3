import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerTools, Run } from '@purser/external-programs';
import { ContentSource } from '@purser/registry-under-test';

/** The least that the largest layer takes when it is packed. */
export const LARGE_LAYER_BYTES = 200_000_000;
/** A little more, since a few pieces of the content repeat where gzip can see it. */
const LARGE_FILE_BYTES = 201_000_000;

export interface ImageOptions {
  /** Where to make its files. */
  readonly folder: string;
  /** Where to write the image layout. */
  readonly layout: string;
}

/**
 * Makes an OCI image with `buildah from scratch`, of four layers: one small, one of many files, one of a single byte, one of
 * 200 MB that does not compress.
 */
export async function buildLayeredImage(
  tools: ContainerTools,
  options: ImageOptions,
): Promise<void> {
  await buildImage(tools, options, layersOfFiles(new ContentSource(1)));
}

/** Makes an OCI image of one layer with a few bytes. */
export async function buildSmallImage(tools: ContainerTools, options: ImageOptions): Promise<void> {
  await buildImage(tools, options, [new Map([['hello', [Buffer.from('hello\n')]]])]);
}

async function buildImage(
  { buildah }: ContainerTools,
  { folder, layout }: ImageOptions,
  layers: readonly Files[],
): Promise<void> {
  let image = 'scratch';
  for (const [index, files] of layers.entries()) {
    const content = join(folder, `layer-${index}`);
    await writeFiles(content, files);
    const next = `layered-${index}`;
    await commitLayer(buildah, { from: image, content, image: next });
    await rm(content, { recursive: true });
    image = next;
  }
  await buildah('push', '--quiet', image, `oci:${layout}`);
}

/** Makes a manifest list `list` of a small image for each architecture. @returns The architectures. */
export async function buildImageForEachPlatform(
  { buildah }: ContainerTools,
  { folder, list }: { readonly folder: string; readonly list: string },
): Promise<readonly string[]> {
  const architectures = ['amd64', 'arm64', 'ppc64le'];
  const source = new ContentSource(2);
  await buildah('manifest', 'create', list);
  for (const [seed, architecture] of architectures.entries()) {
    const content = join(folder, `for-${architecture}`);
    await writeFiles(content, new Map([['program', source.chunks({ seed, size: 50_000 })]]));
    const image = `${list}-${architecture}`;
    await commitLayer(buildah, { from: 'scratch', content, image, architecture });
    await buildah('manifest', 'add', list, `containers-storage:localhost/${image}`);
  }
  return architectures;
}

type Files = ReadonlyMap<string, Iterable<Uint8Array>>;

function layersOfFiles(source: ContentSource): readonly Files[] {
  const many = Array.from({ length: 200 }, (_, seed): [string, Iterable<Uint8Array>] => [
    `file-${seed}`,
    source.chunks({ seed, size: 10_000 }),
  ]);
  return [
    new Map([['etc-release', [Buffer.from('NAME=sample\n')]]]),
    new Map(many),
    new Map([['byte', [Buffer.of(0)]]]),
    new Map([['large', source.chunks({ seed: 1000, size: LARGE_FILE_BYTES })]]),
  ];
}

async function writeFiles(folder: string, files: Files): Promise<void> {
  await mkdir(folder);
  for (const [name, chunks] of files) {
    await using file = await open(join(folder, name), 'w');
    await writeFile(file, chunks);
  }
}

interface Layer {
  readonly from: string;
  readonly content: string;
  readonly image: string;
  readonly architecture?: string | undefined;
}

async function commitLayer(
  buildah: Run,
  { from, content, image, architecture = 'amd64' }: Layer,
): Promise<void> {
  const container = await buildah('from', from);
  await buildah('add', '--quiet', container, content, `/${image}`);
  await buildah('config', '--arch', architecture, container);
  await buildah('commit', '--quiet', '--rm', '--format', 'oci', container, image);
}
