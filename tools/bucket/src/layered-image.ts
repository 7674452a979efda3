import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerTools } from '@purser/external-programs';
import { ContentSource } from '@purser/registry-under-test';

/** Bytes of the file in each layer: none, one, less than a session of the bucket takes, several requests of such a session. */
const LAYERS = [0, 1, 200_000, 3_000_000, 20_000_000];

export interface LayeredImageOptions {
  /** Where to make its files. */
  readonly folder: string;
  /** Names its content: another seed gives other layers. */
  readonly seed: number;
}

/** Makes an OCI image of five layers with `buildah from scratch`. @returns Its image layout. */
export async function buildLayeredImage(
  { buildah }: Pick<ContainerTools, 'buildah'>,
  { folder, seed }: LayeredImageOptions,
): Promise<string> {
  const source = new ContentSource(seed);
  let image = 'scratch';
  for (const [index, size] of LAYERS.entries()) {
    const name = `layer-${seed}-${index}`;
    await mkdir(join(folder, name));
    await using file = await open(join(folder, name, 'content'), 'w');
    await writeFile(file, source.chunks({ seed: index, size }));
    const container = await buildah('from', image);
    await buildah('add', '--quiet', container, join(folder, name), `/${name}`);
    await buildah('commit', '--quiet', '--rm', '--format', 'oci', container, name);
    image = name;
  }
  const layout = join(folder, `layout-${seed}`);
  await buildah('push', '--quiet', image, `oci:${layout}`);
  return layout;
}

/** The layers that the image has. */
export const LAYER_COUNT = LAYERS.length;
