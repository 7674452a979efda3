import { isDigest, type Digest, type RepositoryName } from '@purser/core';
import { DriverError, entriesOf, type StorageDriver } from '@purser/storage-driver';
import { readLinkText } from '../link-text.ts';
import { repositoryPath, tagsPath } from '../paths.ts';
import { placeOf } from '../place.ts';
import { filesBelow } from './revisions.ts';

export interface CurrentTags {
  /** What the tags of a repository name now. */
  readonly tagged: ReadonlySet<Digest>;
  /** The links of tags that do not say what they name. */
  readonly broken: readonly string[];
}

/** Reads every tag of a repository. */
export async function readCurrentTags(
  driver: StorageDriver,
  name: RepositoryName,
): Promise<CurrentTags> {
  const tagged = new Set<Digest>();
  const broken: string[] = [];
  try {
    for await (const { path, isDirectory } of entriesOf(driver.list(tagsPath(name)))) {
      if (!isDirectory) continue;
      const link = `${path}/current/link`;
      const text = await readLinkText(driver, link);
      if (text === undefined) continue;
      if (isDigest(text)) tagged.add(text);
      else broken.push(link);
    }
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
  }
  return { tagged, broken };
}

/** The directories below tags that say what these named once, by that. */
export async function readTagHistory(
  driver: StorageDriver,
  name: RepositoryName,
): Promise<ReadonlyMap<Digest, readonly string[]>> {
  const history = new Map<Digest, string[]>();
  const repository = repositoryPath(name);
  for await (const path of filesBelow(driver, tagsPath(name))) {
    const place = placeOf(path.slice(repository.length + 1));
    if (place?.kind !== 'history') continue;
    const { digest } = place;
    const paths = history.get(digest);
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (paths === undefined) history.set(digest, [directory]);
    else paths.push(directory);
  }
  return history;
}
