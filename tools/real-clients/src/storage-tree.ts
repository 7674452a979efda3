import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** The files below a registry's root: content by path, digests and dates as text, everything else as its sha256. */
export type StorageTree = Readonly<Record<string, string>>;

const UPLOAD = /_uploads\/[0-9a-f-]{36}\//;
const START = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Reads the tree that a registry wrote. What differs between any two runs is made the same: upload ids and start times. */
export async function readStorageTree(root: string): Promise<StorageTree> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const described = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [comparablePath(relative(root, path)), describe(name, await readFile(path))];
    }),
  );
  return Object.fromEntries(described) as StorageTree;
}

function comparablePath(path: string): string {
  return path.replaceAll(sep, '/').replace(UPLOAD, '_uploads/<id>/');
}

function describe(name: string, content: Buffer): string {
  if (name === 'link') return content.toString();
  if (name === 'startedat') return content.toString().replace(START, '<time>');
  return createHash('sha256').update(content).digest('hex');
}
