import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  digestOf,
  isDigest,
  RegistryError,
  type Digest,
  type ManifestDecoder,
  type RepositoryName,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { readLinkText } from '../link-text.ts';
import { blobDataPath, repositoryPath, revisionsPath } from '../paths.ts';
import { placeOf } from '../place.ts';

/** A link below the revisions of a repository. */
export type RevisionLink =
  /** `target` is `undefined` if nobody can tell any more what the link held. */
  | { readonly kind: 'revision'; readonly name: Digest; readonly target: Digest | undefined }
  | { readonly kind: 'signature'; readonly name: Digest; readonly revision: Digest };

export async function* readRevisionLinks(
  driver: StorageDriver,
  name: RepositoryName,
): AsyncIterable<RevisionLink> {
  const repository = repositoryPath(name);
  for await (const path of filesBelow(driver, revisionsPath(name))) {
    const place = placeOf(path.slice(repository.length + 1));
    if (place?.kind === 'revision') {
      const target = await targetOf(driver, path, place.digest);
      yield { kind: 'revision', name: place.digest, target };
    } else if (place?.kind === 'signature') {
      yield { kind: 'signature', name: place.digest, revision: place.revision };
    }
  }
}

/**
 * What a link leads to. One that is named by a sha256 leads there, whatever became of the file; of any other it must be
 * read. `undefined` when it does not say, or is gone.
 */
export async function targetOf(
  driver: StorageDriver,
  path: string,
  name: Digest,
): Promise<Digest | undefined> {
  if (algorithmOf(name) === CANONICAL_ALGORITHM) return name;
  const text = await readLinkText(driver, path);
  return text !== undefined && isDigest(text) && algorithmOf(text) === CANONICAL_ALGORITHM
    ? text
    : undefined;
}

export interface ReadManifest {
  readonly references: readonly Digest[];
  readonly subject: Digest | undefined;
}

/** @returns `undefined` if the bytes do not match the digest, or cannot be read as a manifest. */
export function decodeManifest(
  content: Uint8Array,
  digest: Digest,
  decoder: ManifestDecoder,
): ReadManifest | undefined {
  if (digestOf(content) !== digest) return undefined;
  try {
    const manifest = decoder.decodeStored(content);
    return {
      references: manifest.references.map(({ descriptor }) => descriptor.digest),
      subject: manifest.subject?.digest,
    };
  } catch (error) {
    if (RegistryError.is(error)) return undefined;
    throw error;
  }
}

export async function* filesBelow(driver: StorageDriver, root: string): AsyncIterable<string> {
  try {
    for await (const { path, isDirectory } of driver.walk(root)) {
      // A directory in the place of a link is a link that says nothing.
      if (!isDirectory || path.endsWith('/link')) yield path;
    }
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
  }
}

/** `undefined` for what is not there. A storage that fails is no answer: the error passes. */
export async function manifestContent(
  driver: StorageDriver,
  digest: Digest,
): Promise<Uint8Array | undefined> {
  try {
    return await driver.getContent(blobDataPath(digest));
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_FILE')) return undefined;
    throw error;
  }
}
