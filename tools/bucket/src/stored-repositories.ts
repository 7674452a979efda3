import { inParallel } from '@purser/registry-under-test';
import type { StorageDriver } from '@purser/storage-driver';

const REPOSITORIES = '/docker/registry/v2/repositories';

/** As many as an emulator of one process serves without waiting. */
const WRITERS = 16;

const LINK = Buffer.from(`sha256:${'a'.repeat(64)}`);

/**
 * Makes repositories `team-00/app-00` and so on, as far as a catalog looks into them: they have layers and manifests, of
 * which nothing is below.
 *
 * @returns Their names, in the order of the catalog.
 */
export async function storeRepositories(
  driver: StorageDriver,
  { teams, repositories }: { readonly teams: number; readonly repositories: number },
): Promise<readonly string[]> {
  const names = numbered('team', teams).flatMap((team) =>
    numbered('app', repositories).map((app) => `${team}/${app}`),
  );
  await inParallel(names, WRITERS, async (name) => {
    await driver.putContent(`${REPOSITORIES}/${name}/_layers/link`, LINK);
    await driver.putContent(`${REPOSITORIES}/${name}/_manifests/link`, LINK);
  });
  return names;
}

/** Gives a repository tags, of which nothing but their names and what they name is kept. @returns Their names. */
export async function storeTags(
  driver: StorageDriver,
  { repository, tags }: { readonly repository: string; readonly tags: number },
): Promise<readonly string[]> {
  const names = numbered('v', tags);
  await inParallel(names, WRITERS, (tag) =>
    driver.putContent(`${REPOSITORIES}/${repository}/_manifests/tags/${tag}/current/link`, LINK),
  );
  return names;
}

function numbered(word: string, count: number): readonly string[] {
  const width = String(count - 1).length;
  return Array.from(
    { length: count },
    (_, index) => `${word}-${String(index).padStart(width, '0')}`,
  );
}
