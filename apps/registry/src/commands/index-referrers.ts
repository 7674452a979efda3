import { rebuildReferrers } from '@purser/storage';
import { openStorage } from './open-storage.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

/**
 * Looks through every repository for what refers to what: `purser index-referrers [config.yml]`.
 *
 * @returns The exit status.
 * @throws ConfigurationError, StartError; Stopped.
 */
export async function indexReferrers(
  path: string | undefined,
  process: Omit<CommandProcess, 'pid'>,
): Promise<number> {
  const { writeOutput } = process;
  const signal = stopOnSignal(process);
  await using storage = await openStorage(path, process);
  const { driver, decoder } = storage;
  writeOutput('Looking through every repository for manifests that refer to others.\n');
  let repositories = 0;
  for await (const { name, manifests } of rebuildReferrers({ driver, decoder, signal })) {
    repositories++;
    writeOutput(`${name}: ${manifests} manifests\n`);
  }
  writeOutput(`Done: ${repositories} repositories.\n`);
  return 0;
}
