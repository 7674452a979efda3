import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder that holds `packages`, `apps` and `tools`. */
export const WORKSPACE = join(import.meta.dirname, '../../..');

/** What the checks read of a package.json. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly nx?: { readonly tags: readonly string[] };
}

/** The folders of packages in a group, relative to the workspace and in byte order: `packages/core`. */
export async function packageFolders(
  group: 'packages' | 'apps' | 'tools' | 'examples',
): Promise<string[]> {
  const entries = await readdir(join(WORKSPACE, group), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${group}/${entry.name}`)
    .toSorted();
}

/** @param path Relative to the workspace. */
export async function readText(path: string): Promise<string> {
  return readFile(join(WORKSPACE, path), 'utf8');
}

export async function readManifest(folder: string): Promise<PackageManifest> {
  return JSON.parse(await readText(join(folder, 'package.json'))) as PackageManifest;
}
