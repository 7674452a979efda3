import { isDigest, type Digest, type RepositoryName, type Tag } from '@purser/core';
import { DriverError, entriesOf, type StorageDriver } from '@purser/storage-driver';
import { readLinkText } from '../link-text.ts';
import { repositoryPath, tagsPath } from '../paths.ts';
import { placeOf } from '../place.ts';
import { readAhead } from '../read-ahead.ts';
import { filesBelow } from './revisions.ts';

/** A tag of a repository, with what it names now; `undefined` if its link does not say. */
export interface CurrentTag {
  readonly link: string;
  readonly named: Digest | undefined;
}

/** Links read ahead. */
const READ_AHEAD = 16;

/** Reads every tag of a repository. */
export async function* readCurrentTags(
  driver: StorageDriver,
  name: RepositoryName,
): AsyncIterable<CurrentTag> {
  const read = async (tag: string) => {
    const link = `${tag}/current/link`;
    return { link, text: await readLinkText(driver, link) };
  };
  for await (const { link, text } of readAhead(tagDirectories(driver, name), READ_AHEAD, read)) {
    if (text !== undefined) yield { link, named: isDigest(text) ? text : undefined };
  }
}

async function* tagDirectories(driver: StorageDriver, name: RepositoryName): AsyncIterable<string> {
  try {
    for await (const { path, isDirectory } of entriesOf(driver.list(tagsPath(name)))) {
      if (isDirectory) yield path;
    }
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
  }
}

/** Links that say what tags named once. */
export async function* readTagHistory(
  driver: StorageDriver,
  name: RepositoryName,
): AsyncIterable<{ readonly tag: Tag; readonly digest: Digest }> {
  const repository = repositoryPath(name);
  for await (const path of filesBelow(driver, tagsPath(name))) {
    const place = placeOf(path.slice(repository.length + 1));
    if (place?.kind === 'history') yield { tag: place.tag, digest: place.digest };
  }
}
