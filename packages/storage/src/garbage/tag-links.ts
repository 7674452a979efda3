import { isDigest, type Digest, type RepositoryName } from '@purser/core';
import { DriverError, entriesOf, type StorageDriver } from '@purser/storage-driver';
import { tagsPath } from '../paths.ts';
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
      const text = await textOf(driver, link);
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
  const root = tagsPath(name);
  for await (const path of filesBelow(driver, root)) {
    const [, index, algorithm, encoded, file] = path.slice(root.length + 1).split('/');
    const digest = `${algorithm}:${encoded}`;
    if (index !== 'index' || file !== 'link' || !isDigest(digest)) continue;
    const paths = history.get(digest);
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (paths === undefined) history.set(digest, [directory]);
    else paths.push(directory);
  }
  return history;
}

/** `undefined` for a tag that is not there, or is being removed. */
async function textOf(driver: StorageDriver, path: string): Promise<string | undefined> {
  try {
    return Buffer.from(await driver.getContent(path)).toString('latin1');
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND')) return undefined;
    if (DriverError.is(error, 'NOT_A_FILE')) return '';
    throw error;
  }
}
