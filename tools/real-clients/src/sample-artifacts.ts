import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ContentSource, digestOf } from '@purser/registry-under-test';

export const IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';
export const SBOM = 'application/spdx+json';

/** Of the images whose configurations are `config-<architecture>.json`. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;

/**
 * Writes files to push: the archive of a layer as `layer.tar` and packed as `layer.tar.gz`, another one as `second.tar`, the
 * configuration of an image of the first for each architecture, `signature.bin` and `sbom.json`.
 */
export async function writeSampleFiles(folder: string): Promise<void> {
  const source = new ContentSource(3);
  const contentOf = (seed: number, size: number) =>
    Buffer.concat([...source.chunks({ seed, size })]);
  const archive = await writeArchive(folder, 'layer', contentOf(1, 300_000));
  await writeArchive(folder, 'second', contentOf(2, 5_000));
  await writeFile(join(folder, 'layer.tar.gz'), gzipSync(archive));
  await writeFile(join(folder, 'signature.bin'), contentOf(4, 256));
  await writeFile(join(folder, 'sbom.json'), JSON.stringify({ spdxVersion: 'SPDX-2.3' }));
  for (const architecture of ARCHITECTURES) {
    const rootfs = { type: 'layers', diff_ids: [digestOf(archive)] };
    const config = { architecture, os: 'linux', rootfs };
    await writeFile(join(folder, configOf(architecture)), JSON.stringify(config));
  }
}

/** The name of the file. */
export function configOf(architecture: (typeof ARCHITECTURES)[number]): string {
  return `config-${architecture}.json`;
}

async function writeArchive(folder: string, name: string, content: Uint8Array): Promise<Buffer> {
  const files = join(folder, name);
  const archive = `${files}.tar`;
  await mkdir(files);
  await writeFile(join(files, `${name}.bin`), content);
  await promisify(execFile)('tar', ['-cf', archive, '-C', files, '.']);
  return readFile(archive);
}
