import type { Notifier } from '@purser/notifications';
import type { StorageDriver } from '@purser/storage-driver';
import type { Health } from '../observe/health/health.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import type { ServerAccess } from './access/access.ts';
import type { ServerCache } from './storage/cache.ts';
import type { DebugServer } from './debug-server.ts';
import type { HttpServer } from './http/http-server.ts';
import type { Proxy } from './proxy/proxy.ts';

/** What a server is made of and must be ended. */
export interface RunningParts {
  readonly health: Health;
  readonly front: HttpServer;
  readonly maintenance: AsyncDisposable;
  readonly proxy: Proxy | undefined;
  readonly notifier: Notifier | undefined;
  readonly cache: ServerCache | undefined;
  readonly access: ServerAccess;
  readonly stored: StorageDriver;
  readonly debug?: DebugServer | undefined;
  readonly tracing?: Tracing | undefined;
}

/** From the outside in: what requests make use of is there until the last of them is over. */
export async function closeServer(
  {
    health,
    front,
    maintenance,
    proxy,
    notifier,
    cache,
    access,
    stored,
    debug,
    tracing,
  }: RunningParts,
  timeoutMs: number,
): Promise<boolean> {
  health[Symbol.dispose]();
  const end = performance.now() + timeoutMs;
  const [isClean] = await Promise.all([front.close(timeoutMs), maintenance[Symbol.asyncDispose]()]);
  await proxy?.close();
  await notifier?.close({ deadlineMs: Math.max(0, end - performance.now()) });
  cache?.close();
  access.close();
  await disposeOf(stored);
  await tracing?.close();
  await debug?.close();
  return isClean;
}

/** Drivers have no end in their contract; one that holds something open says so. */
async function disposeOf(driver: StorageDriver & Partial<AsyncDisposable & Disposable>) {
  await driver[Symbol.asyncDispose]?.();
  driver[Symbol.dispose]?.();
}
