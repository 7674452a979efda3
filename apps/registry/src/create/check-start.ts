import type { Config } from '../config/schema.ts';
import { createSilentLogger } from '../observe/logger.ts';
import { checkAccess } from './access/configured-access.ts';
import { checkDirectory } from './check-directory.ts';
import { readCertificates, validityWarning } from './http/certificates.ts';
import { createManifestForms } from './manifests/manifests.ts';
import { createUrlRule } from './manifests/manifest-urls.ts';
import { checkSpoolDirectory } from './proxy/spool-directory.ts';
import { StartError } from './start-error.ts';
import { checkDriver } from './storage/driver.ts';
import { checkRootDirectory } from './storage/root-directory.ts';

/** Problems and warnings of a start, one line each. */
export interface StartCheck {
  /** Reasons why a server would not start. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Opens the files and directories that a server opens at its start. Nothing is changed, made or connected to. All checks
 * run, so that every problem is found at once.
 */
export async function checkStart(config: Config): Promise<StartCheck> {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const check of CHECKS) {
    try {
      for (const warning of (await check(config)) ?? []) warnings.push(warning);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      problems.push(error.message);
    }
  }
  return { problems, warnings };
}

/** A part of the configuration. @returns Warnings. @throws StartError. */
type Check = (config: Config) => Promise<readonly string[] | void>;

const CHECKS: readonly Check[] = [
  ({ storage }) => checkRootDirectory(storage),
  ({ storage }) => checkDriver(storage.driver),
  ({ http }) => checkTls(http),
  ({ auth }) => checkAccess(auth),
  async ({ compatibility }) => void (await createManifestForms(compatibility)),
  async ({ validation }) => void createUrlRule(validation.urls),
  checkProxy,
  checkOutbox,
  checkRedis,
];

async function checkTls({ tls }: Config['http']): Promise<readonly string[]> {
  if (tls === undefined) return [];
  const { own } = await readCertificates(tls);
  const warning = validityWarning(own, Date.now());
  return warning === undefined ? [] : [`http.tls.certificate: ${tls.certificate}: ${warning}`];
}

async function checkProxy(config: Config): Promise<void> {
  const { proxy, compatibility } = config;
  if (proxy.remoteurl === undefined && proxy.upstreams.length === 0) return;
  await checkSpoolDirectory(config);
  const { createUpstreams } = await import('./proxy/upstreams.ts');
  const { decoder } = await createManifestForms(compatibility);
  await using _clients = createUpstreams(proxy, { decoder, logger: createSilentLogger() });
}

async function checkOutbox({ notifications }: Config): Promise<void> {
  const { endpoints, outbox } = notifications;
  const { directory } = outbox;
  if (directory === undefined || endpoints.every(({ disabled }) => disabled)) return;
  try {
    await checkDirectory(directory);
  } catch (error) {
    const { message } = error as Error;
    throw new StartError(`cannot keep events in notifications.outbox.directory: ${message}`, {
      cause: error,
    });
  }
}

async function checkRedis({ storage, redis }: Config): Promise<void> {
  if (storage.cache.blobdescriptor !== 'redis') return;
  const { readRedisSection } = await import('./storage/redis-cache.ts');
  await readRedisSection(redis);
}
