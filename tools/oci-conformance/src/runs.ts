import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketSettings } from '@purser/bucket';
import { GcsEmulator } from '@purser/external-programs';
import {
  purser,
  withSettings,
  type RegistryProcess,
  type Sandbox,
} from '@purser/registry-under-test';
import type { SuiteCredentials } from './strict-profile.ts';
import { startReverseProxy, type ReverseProxyOptions } from './reverse-proxy.ts';

/** One way to serve, in which the suite is run. */
export interface Run {
  readonly name: string;
  /** What is special about it, in a few words. */
  readonly about: string;
  /** Settings of the server beside those of every run, as variables of its environment. Storage is filesystem unless they say. */
  readonly settings: Readonly<Record<string, string>>;
  /** Everything is kept in a bucket of an emulator. */
  readonly isOnBucket?: boolean | undefined;
  /** The suite logs in, as a user of a password file. */
  readonly isWithLogin?: boolean | undefined;
  /** The suite reaches the registry through a proxy. */
  readonly proxy?: Omit<ReverseProxyOptions, 'socketPath'> | undefined;
  /** Whether `http.host` names the URL of the proxy. */
  readonly isToldItsUrl?: boolean | undefined;
}

const PREFIX = '/registry';
const BELOW_PREFIX = { REGISTRY_HTTP_PREFIX: PREFIX };

/** The suite wants the API at the root of a host, so the runs with a prefix need the proxy to put it there. */
export const RUNS: readonly Run[] = [
  { name: 'inmemory', about: 'storage inmemory', settings: { REGISTRY_STORAGE: 'inmemory' } },
  { name: 'filesystem', about: 'storage filesystem', settings: {} },
  {
    name: 'gcs',
    about: 'storage gcs, on a bucket of fake-gcs-server',
    settings: {},
    isOnBucket: true,
  },
  {
    name: 'basic',
    about: 'with a password file, and the credentials of its user',
    settings: { REGISTRY_STORAGE: 'inmemory' },
    isWithLogin: true,
  },
  {
    name: 'workers',
    about: 'two processes on one address',
    settings: { REGISTRY_HTTP_WORKERS: '2', REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: 'inmemory' },
  },
  {
    name: 'proxy',
    about: 'behind a proxy that rewrites Host and says X-Forwarded-Host and -Proto',
    settings: {},
    proxy: { forwards: true },
  },
  {
    name: 'prefix',
    about: 'the same with http.prefix, which the proxy takes out of Location and Link',
    settings: BELOW_PREFIX,
    proxy: { prefix: PREFIX, forwards: true, mapsAnswers: true },
  },
  {
    name: 'host',
    about: 'with http.prefix and http.host, behind a proxy that rewrites Host and says nothing',
    settings: BELOW_PREFIX,
    proxy: { prefix: PREFIX },
    isToldItsUrl: true,
  },
];

/**
 * What the strict profile needs beyond the defaults: manifests that refer to what was never pushed, and deletion, which a
 * `REGISTRY_STORAGE` would forget.
 */
const STRICT_SETTINGS = {
  REGISTRY_STORAGE_DELETE_ENABLED: 'true',
  REGISTRY_VALIDATION_MANIFESTS_BLOBS: 'none',
  REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS: 'none',
};

const USER: SuiteCredentials = { user: 'alice', password: 'wonderland' };
/** With a cheap hash of the password: the suite is what is measured. */
const PASSWORD_ENTRY = 'alice:$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum\n';

/** A registry, and its proxy if there is one. */
export interface Served extends AsyncDisposable {
  /** `host:port` for the suite. */
  readonly address: string;
  readonly registry: RegistryProcess;
  readonly credentials?: SuiteCredentials | undefined;
}

export interface ServeOptions {
  readonly sandbox: Sandbox;
  /** Runs what `npm run build` made. */
  readonly isBuilt: boolean;
}

/** Starts the server for a run, on an empty root of its own. */
export async function serve(run: Run, { sandbox, isBuilt }: ServeOptions): Promise<Served> {
  await using resources = new AsyncDisposableStack();
  const settings: Record<string, string> = { ...STRICT_SETTINGS, ...run.settings };
  if (run.isOnBucket) {
    const { bucket: name, endpoint } = resources.use(await GcsEmulator.create());
    Object.assign(settings, bucketSettings({ name, endpoint }));
  }
  if (run.isWithLogin) {
    const path = join(sandbox.folder, `${run.name}.htpasswd`);
    await writeFile(path, PASSWORD_ENTRY);
    settings['REGISTRY_AUTH_HTPASSWD_REALM'] = 'Registry';
    settings['REGISTRY_AUTH_HTPASSWD_PATH'] = path;
  }
  let port: number | undefined;
  if (run.proxy !== undefined) {
    const socketPath = join(sandbox.folder, `${run.name}.sock`);
    const proxy = resources.use(await startReverseProxy({ socketPath, ...run.proxy }));
    ({ port } = proxy);
    Object.assign(settings, { REGISTRY_HTTP_NET: 'unix', REGISTRY_HTTP_ADDR: socketPath });
    if (run.isToldItsUrl) settings['REGISTRY_HTTP_HOST'] = `http://127.0.0.1:${port}/`;
  }
  const program = withSettings(purser({ isBuilt }), settings);
  const registry = await sandbox.start(program, { root: run.name, port });
  resources.defer(() => registry.stop());
  const served = resources.move();
  return {
    address: `127.0.0.1:${registry.port}`,
    registry,
    credentials: run.isWithLogin ? USER : undefined,
    [Symbol.asyncDispose]: () => served.disposeAsync(),
  };
}
