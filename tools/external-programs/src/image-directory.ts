import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/**
 * What a folder of skopeo's `dir:` form holds: the sha256 of each file by its name. A blob's name is the sha256 that it should
 * have; manifests are `manifest.json` and `<sha256>.manifest.json`.
 */
export async function contentOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => name !== 'version').toSorted();
  const content = new Map<string, string>();
  for (const name of names) content.set(name, await sha256Of(join(folder, name)));
  return content;
}

/** The files of such a folder whose content is not what their name promises. */
export function misnamed(content: ReadonlyMap<string, string>): readonly string[] {
  return [...content]
    .filter(([name, sha256]) => name !== 'manifest.json' && name.split('.')[0] !== sha256)
    .map(([name]) => name);
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

export interface Image {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** The manifest of one image in a folder of the `dir:` form. */
export async function imageOf(folder: string): Promise<Image> {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Image;
}

/** The sha256 of each layer's archive, unpacked: what the image's configuration calls `diff_ids`. */
export async function unpackedLayersOf(folder: string): Promise<readonly string[]> {
  const { layers } = await imageOf(folder);
  const ids: string[] = [];
  for (const { digest, mediaType } of layers) {
    const path = join(folder, digest.replace('sha256:', ''));
    ids.push(`sha256:${await sha256Of(path, { isPacked: mediaType.endsWith('gzip') })}`);
  }
  return ids;
}

/** The `diff_ids` of the configuration in a folder of the `dir:` form. */
export async function layersByConfiguration(folder: string): Promise<readonly string[]> {
  const { config } = await imageOf(folder);
  const text = await readFile(join(folder, config.digest.replace('sha256:', '')), 'utf8');
  return (JSON.parse(text) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids;
}

async function sha256Of(path: string, { isPacked = false } = {}): Promise<string> {
  const hash = createHash('sha256');
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  await (isPacked ? pipeline(file, createGunzip(), hash) : pipeline(file, hash));
  return hash.digest('hex');
}
