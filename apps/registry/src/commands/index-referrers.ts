import { rebuildReferrers } from '@purser/storage';
import { loadConfig } from '../config/load.ts';
import { CONFIGURATION_PATH_VARIABLE } from '../config/environment.ts';
import { createDriver } from '../create/storage/driver.ts';
import { createManifestForms } from '../create/manifests/manifests.ts';
import type { CommandProcess } from './serve.ts';

/**
 * Looks through every repository for what refers to what: `purser index-referrers [config.yml]`.
 *
 * @returns The exit status.
 * @throws ConfigurationError, StartError.
 */
export async function indexReferrers(
  path: string | undefined,
  { environment, writeOutput, writeError }: Omit<CommandProcess, 'nextSignal' | 'pid'>,
): Promise<number> {
  const configPath = path ?? (environment[CONFIGURATION_PATH_VARIABLE] || undefined);
  const { config, warnings } = await loadConfig({ path: configPath, environment });
  for (const warning of warnings) writeError(`${warning}\n`);
  writeOutput('Looking through every repository for manifests that refer to others.\n');
  let repositories = 0;
  const driver = await createDriver(config.storage.driver);
  const { decoder } = await createManifestForms(config.compatibility);
  for await (const { name, manifests } of rebuildReferrers({ driver, decoder })) {
    repositories++;
    writeOutput(`${name}: ${manifests} manifests\n`);
  }
  writeOutput(`Done: ${repositories} repositories.\n`);
  return 0;
}
