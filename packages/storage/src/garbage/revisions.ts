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

export interface SignatureLink {
  readonly digest: Digest;
  readonly path: string;
}

/** What is below the revisions of a repository. */
export interface RevisionLinks {
  /** By what the links hold; `undefined` for links of which nobody knows any more what they held. */
  readonly names: ReadonlyMap<Digest, Digest | undefined>;
  /** By the name of the revision, which need not be linked any more. */
  readonly signatures: ReadonlyMap<Digest, readonly SignatureLink[]>;
}

export async function readRevisionLinks(
  driver: StorageDriver,
  name: RepositoryName,
): Promise<RevisionLinks> {
  const names = new Map<Digest, Digest | undefined>();
  const signatures = new Map<Digest, SignatureLink[]>();
  const repository = repositoryPath(name);
  for await (const path of filesBelow(driver, revisionsPath(name))) {
    const place = placeOf(path.slice(repository.length + 1));
    if (place?.kind === 'revision') {
      names.set(place.digest, await targetOf(driver, path, place.digest));
    } else if (place?.kind === 'signature') {
      const { revision, digest } = place;
      signatures.set(revision, [...(signatures.get(revision) ?? []), { digest, path }]);
    }
  }
  return { names, signatures };
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

/** @returns `undefined` when the bytes are not there, are not those of the digest, or say nothing that can be read. */
export async function readManifest(
  driver: StorageDriver,
  decoder: ManifestDecoder,
  digest: Digest,
): Promise<ReadManifest | undefined> {
  const content = await contentOf(driver, blobDataPath(digest));
  if (content === undefined || digestOf(content) !== digest) return undefined;
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
async function contentOf(driver: StorageDriver, path: string): Promise<Uint8Array | undefined> {
  try {
    return await driver.getContent(path);
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_FILE')) return undefined;
    throw error;
  }
}
