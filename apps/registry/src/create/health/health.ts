import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../../config/schema.ts';
import { parseTcpAddress } from '../../config/listen-address.ts';
import { withoutUrlSecrets } from '../../config/url-secrets.ts';
import { checkFile, checkHttp, checkStorage, checkTcp } from '../../observe/health/checks.ts';
import { Health, type HealthCheck } from '../../observe/health/health.ts';
import type { Logger } from '../../observe/logger.ts';

/** A storage that has not answered for so long will not do so in time for anybody. */
const STORAGE_TIMEOUT_MS = 10_000;

/** Begins the checks of the `health` section. */
export function startHealth(
  { health, storage }: Config,
  { driver, logger }: { readonly driver: StorageDriver; readonly logger: Logger },
): Health {
  const checks: HealthCheck[] = [
    ...health.file.map(({ file, ...often }) => checkOf(file, often, () => checkFile(file))),
    ...health.http.map(({ uri, ...how }) =>
      checkOf(withoutUrlSecrets(uri), how, () => checkHttp(uri, how)),
    ),
    ...health.tcp.map(({ addr, ...how }) =>
      checkOf(addr, how, () => checkTcp(destinationOf(addr), how.timeout)),
    ),
  ];
  if (health.storagedriver.enabled) {
    const { name } = storage.driver;
    const check = () => checkStorage(driver, STORAGE_TIMEOUT_MS);
    checks.push(checkOf(`storagedriver_${name}`, health.storagedriver, check));
  }
  return new Health(distinct(checks), logger);
}

interface Often {
  readonly interval: number;
  readonly threshold: number;
}

function checkOf(
  name: string,
  { interval, threshold }: Often,
  check: () => Promise<void>,
): HealthCheck {
  return { name, intervalMs: interval, threshold, check };
}

/** Numbers checks whose names are alike as they are shown, so that none hides another. */
function distinct(checks: readonly HealthCheck[]): readonly HealthCheck[] {
  const seen = new Map<string, number>();
  return checks.map((check) => {
    const count = (seen.get(check.name) ?? 0) + 1;
    seen.set(check.name, count);
    return count === 1 ? check : { ...check, name: `${check.name} (${count})` };
  });
}

function destinationOf(addr: string) {
  const address = parseTcpAddress(addr);
  if (address?.kind !== 'tcp') throw new TypeError(`not an address: ${addr}`);
  return { host: address.host ?? 'localhost', port: address.port };
}
