import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  digestOf,
  isDigest,
  isSupportedDigest,
  type Digest,
  type ManifestDecoder,
  type ManifestReference,
  type OperationOptions,
  type RepositoryName,
  type Tag,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { readLinkText } from '../link-text.ts';
import { blobDataPath, repositoryPath } from '../paths.ts';
import type { Problem } from './finding.ts';
import { placeOf, type Place } from '../place.ts';

/** A link as it was found. */
export interface FoundLink {
  readonly path: string;
  readonly place: Place;
  /** What it leads to; `undefined` with a problem. */
  readonly target: Digest | undefined;
  readonly problem?: Problem | undefined;
}

export interface FoundRepository {
  readonly name: RepositoryName;
  readonly links: readonly FoundLink[];
  readonly strays: readonly string[];
  /** What each manifest refers to and has to be here, by the name of its revision. */
  readonly references: ReadonlyMap<Digest, readonly ManifestReference[]>;
  /** Manifests whose bytes are others, by what they should be. */
  readonly corrupt: ReadonlySet<Digest>;
}

/** Reads every link of a repository, and every manifest that they lead to. */
export async function readRepository(
  name: RepositoryName,
  { driver, decoder, signal }: RepositoryReader,
): Promise<FoundRepository> {
  const links: FoundLink[] = [];
  const strays: string[] = [];
  const root = repositoryPath(name);
  for await (const { path, isDirectory } of ownEntries(driver, root, { signal })) {
    const place = placeOf(path.slice(root.length + 1));
    if (place === undefined) {
      if (!isDirectory) strays.push(path);
    } else if (place.kind !== 'other') {
      links.push(
        isDirectory
          ? { path, place, target: undefined, problem: 'link is a directory' }
          : await readLink(driver, { path, place, signal }),
      );
    }
  }
  return { name, links, strays, ...(await readManifests(links, { driver, decoder, signal })) };
}

export interface RepositoryReader extends OperationOptions {
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
}

/** What belongs to a repository, without those below it, and without what is in place of a link. */
async function* ownEntries(driver: StorageDriver, root: string, options: OperationOptions) {
  const enter = (directory: string) => {
    const path = directory.slice(root.length + 1);
    const place = placeOf(path);
    return path.startsWith('_') && (place === undefined || place.kind === 'other');
  };
  try {
    for await (const entry of driver.walk(root, { ...options, enter })) {
      const isBelow = !entry.path.slice(root.length + 1).startsWith('_');
      if (!isBelow || !entry.isDirectory) yield entry;
    }
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
  }
}

async function readLink(
  driver: StorageDriver,
  { path, place, signal }: { path: string; place: Place } & OperationOptions,
): Promise<FoundLink> {
  const text = (await readLinkText(driver, path, { signal })) ?? '';
  const problem = problemOf(text, place);
  const target = problem === undefined ? (text as Digest) : undefined;
  return { path, place, target, problem };
}

function problemOf(text: string, place: Place): Problem | undefined {
  if (text === '') return 'link is empty';
  if (!isDigest(text) || !isSupportedDigest(text)) return 'link is no digest';
  if (place.kind === 'tag' || place.kind === 'other') return undefined;
  // A tag keeps the name that a manifest was pushed by; other links, the sha256 of the content.
  const isCanonical = algorithmOf(place.digest) === CANONICAL_ALGORITHM;
  const mustBeSame = isCanonical || place.kind === 'history';
  return mustBeSame && text !== place.digest ? 'link names other content' : undefined;
}

async function readManifests(
  links: readonly FoundLink[],
  { driver, decoder, signal }: RepositoryReader,
): Promise<Pick<FoundRepository, 'references' | 'corrupt'>> {
  const references = new Map<Digest, readonly ManifestReference[]>();
  const corrupt = new Set<Digest>();
  for (const { place, target } of links) {
    if (place.kind !== 'revision' || target === undefined) continue;
    const content = await driver.getContent(blobDataPath(target), { signal }).catch(ignoreMissing);
    if (content === undefined) continue;
    if (digestOf(content) !== target) corrupt.add(target);
    else references.set(place.digest, referencesOf(content, decoder));
  }
  return { references, corrupt };
}

/** Of a format that is not known, nothing can be said. */
function referencesOf(content: Uint8Array, decoder: ManifestDecoder): readonly ManifestReference[] {
  try {
    return decoder.decodeStored(content).references.filter(({ foreign }) => !foreign);
  } catch {
    return [];
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_FILE')) throw error;
}

/** What the tags of a repository name. */
export function tagsOf({ links }: FoundRepository): ReadonlyMap<Tag, Digest> {
  const tags = new Map<Tag, Digest>();
  for (const { place, target } of links) {
    if (place.kind === 'tag' && target !== undefined) tags.set(place.tag, target);
  }
  return tags;
}
