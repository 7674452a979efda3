import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The sha256 of each blob of an OCI image layout, by its path; a blob's name says what it should be. */
export async function blobsIn(layout: string): Promise<ReadonlyMap<string, string>> {
  const blobs = new Map<string, string>();
  for (const name of (await readdir(join(layout, 'blobs/sha256'))).toSorted()) {
    const content = await readFile(join(layout, 'blobs/sha256', name));
    blobs.set(name, createHash('sha256').update(content).digest('hex'));
  }
  return blobs;
}

/** The files of a layout that say what it is, as they are. */
export async function namesIn(layout: string): Promise<readonly string[]> {
  return Promise.all(
    ['oci-layout', 'index.json'].map((name) => readFile(join(layout, name), 'utf8')),
  );
}
