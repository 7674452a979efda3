import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  isDigest,
  isSupportedDigest,
  type Digest,
  type ManifestDecoder,
  type ManifestReference,
  type OperationOptions,
  type RepositoryName,
} from '@purser/core';
import { DriverError, entriesOf, type Entry, type StorageDriver } from '@purser/storage-driver';
import { readLinkText } from '../link-text.ts';
import { blobDataPath, repositoryPath, tagsPath } from '../paths.ts';
import { placeOf, type Place } from '../place.ts';
import { readAhead } from '../read-ahead.ts';
import type { Problem } from './finding.ts';

export interface RepositoryReader extends OperationOptions {
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
}

/** A link as it was found. */
export interface FoundLink {
  readonly path: string;
  readonly place: Exclude<Place, { kind: 'other' }>;
  /** What it leads to; `undefined` with a problem. */
  readonly target: Digest | undefined;
  readonly problem?: Problem | undefined;
}

/** A file that belongs to no registry. */
export interface Stray {
  readonly path: string;
  readonly place?: undefined;
}

/** Directories of tags, and links elsewhere, read at a time. */
const READ_AHEAD = 16;

/** Reads every link of a repository, those of tags last. */
export async function* readLinks(
  name: RepositoryName,
  { driver, signal }: RepositoryReader,
): AsyncIterable<FoundLink | Stray> {
  const root = repositoryPath(name);
  const read = (entry: Entry) => readEntry(driver, entry, { root, signal });
  const entries = ownEntries(driver, root, { start: root, besides: tagsPath(name), signal });
  for await (const found of readAhead(entries, READ_AHEAD, read)) {
    if (found !== undefined) yield found;
  }
  const readTag = async (tag: Entry) => {
    const inTag: (FoundLink | Stray)[] = [];
    const start = tag.path;
    const within = tag.isDirectory ? ownEntries(driver, root, { start, signal }) : [tag];
    for await (const entry of within) {
      const found = await read(entry);
      if (found !== undefined) inTag.push(found);
    }
    return inTag;
  };
  const tags = children(driver, tagsPath(name), { signal });
  for await (const inTag of readAhead(tags, READ_AHEAD, readTag)) yield* inTag;
}

interface OwnEntries extends OperationOptions {
  /** The directory to look through, which is the root of the repository or below it. */
  readonly start: string;
  /** A directory that is left out. */
  readonly besides?: string | undefined;
}

/** What belongs to a repository, without those below it, and without what is in place of a link. */
async function* ownEntries(
  driver: StorageDriver,
  root: string,
  { start, besides, ...options }: OwnEntries,
): AsyncIterable<Entry> {
  const enter = (directory: string) => {
    const path = directory.slice(root.length + 1);
    return path.startsWith('_') && directory !== besides && placeOf(path) === undefined;
  };
  try {
    for await (const entry of driver.walk(start, { ...options, enter })) {
      const isBelow = !entry.path.slice(root.length + 1).startsWith('_');
      if (!isBelow || !entry.isDirectory) yield entry;
    }
  } catch (error) {
    ignoreMissing(error);
  }
}

async function* children(
  driver: StorageDriver,
  directory: string,
  options: OperationOptions,
): AsyncIterable<Entry> {
  try {
    yield* entriesOf(driver.list(directory, options));
  } catch (error) {
    ignoreMissing(error);
  }
}

async function readEntry(
  driver: StorageDriver,
  { path, isDirectory }: Entry,
  { root, signal }: { readonly root: string } & OperationOptions,
): Promise<FoundLink | Stray | undefined> {
  const place = placeOf(path.slice(root.length + 1));
  if (place === undefined) return isDirectory ? undefined : { path };
  if (place.kind === 'other') return undefined;
  if (isDirectory) return { path, place, target: undefined, problem: 'link is a directory' };
  const text = (await readLinkText(driver, path, { signal })) ?? '';
  const problem = problemOf(text, place);
  return { path, place, target: problem === undefined ? (text as Digest) : undefined, problem };
}

function problemOf(text: string, place: FoundLink['place']): Problem | undefined {
  if (text === '') return 'link is empty';
  if (!isDigest(text) || !isSupportedDigest(text)) return 'link is no digest';
  if (place.kind === 'tag') return undefined;
  // A tag keeps the name that a manifest was pushed by; other links, the sha256 of the content.
  const isCanonical = algorithmOf(place.digest) === CANONICAL_ALGORITHM;
  const mustBeSame = isCanonical || place.kind === 'history';
  return mustBeSame && text !== place.digest ? 'link names other content' : undefined;
}

/** The bytes of a manifest; `undefined` if they are missing. */
export async function manifestBytes(
  driver: StorageDriver,
  target: Digest,
  options: OperationOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await driver.getContent(blobDataPath(target), options);
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_FILE')) return undefined;
    throw error;
  }
}

/** What a manifest refers to and has to be here. Of a format that is not known, nothing can be said. */
export function requiredReferences(
  content: Uint8Array,
  decoder: ManifestDecoder,
): readonly ManifestReference[] {
  try {
    return decoder.decodeStored(content).references.filter(({ foreign }) => !foreign);
  } catch {
    return [];
  }
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
}
