import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from '@purser/external-programs';
import {
  ask,
  blobPath,
  ContentSource,
  manifestPath,
  purser,
  pushWhole,
  RegistryClient,
  Sandbox,
  withSettings,
  type RegistryClientOptions,
  type RegistryProcess,
} from '@purser/registry-under-test';
import type { AttackKind, Protocol, Target } from '../attackers/order.ts';
import { makeLargeRoot } from '../dear-requests/large-root.ts';
import { KNOWN_HASH, KNOWN_PASSWORD } from '../known-password.ts';
import { OrdinaryClient } from './ordinary-client.ts';
import { SlowUpstream } from './slow-upstream.ts';

export interface StageOptions {
  readonly kinds: readonly AttackKind[];
  readonly protocol: Protocol;
  /** `http.workers`; 0 is one process. */
  readonly workers: number;
  /** `http.limits`, in JSON. */
  readonly limits: string;
  readonly seed: number;
  readonly built: boolean;
  readonly folder: string;
}

const HOSTILE = 'hostile/image';
const USER = 'alice';
const MISSING = `sha256:${'0'.repeat(64)}`;
const MEBIBYTE = 1024 * 1024;
const BLOB_SIZE = 32 * MEBIBYTE;
/** The limit of manifests is 4 MiB. */
const PADDING_SIZE = 4 * MEBIBYTE - 1000;
const INDEX = 'application/vnd.oci.image.index.v1+json';
const PAUSE_MS = 20;
const LARGE_ROOT = { repositories: 2_000, tags: 5_000, referrers: 1_000 };

const DEAR_REQUESTS = [
  'GET /v2/_catalog?n=1',
  'GET /v2/large/image/tags/list?n=1',
  'GET /v2/large/image/referrers/{subject}?artifactType=absent/absent',
  `POST /v2/hostile/image/blobs/uploads/?mount=${MISSING}`,
  'PUT /v2/hostile/image/manifests/new',
];

/** A server with the content of both sides, and its ordinary client. */
export class Stage implements AsyncDisposable {
  readonly #resources: AsyncDisposableStack;
  readonly registry: RegistryProcess;
  readonly client: OrdinaryClient;
  readonly target: Target;
  /** The root directory of the storage. */
  readonly root: string;

  private constructor(
    resources: AsyncDisposableStack,
    parts: Pick<Stage, 'registry' | 'client' | 'target' | 'root'>,
  ) {
    this.#resources = resources;
    this.registry = parts.registry;
    this.client = parts.client;
    this.target = parts.target;
    this.root = parts.root;
  }

  static async set(options: StageOptions): Promise<Stage> {
    await using resources = new AsyncDisposableStack();
    const { folder: parent, kinds, protocol, seed, built } = options;
    const sandbox = resources.use(await Sandbox.create({ parent, prefix: 'purser-attack-' }));
    const root = join(sandbox.folder, 'root');
    const isLarge = kinds.includes('dear-requests');
    const { subject } = isLarge ? await makeLargeRoot(root, LARGE_ROOT) : { subject: MISSING };
    const hasUpstream = kinds.includes('unfollowed-pulls');
    const upstream = hasUpstream ? resources.use(await SlowUpstream.start()) : undefined;
    const settings = {
      ...(await settingsOf(options, sandbox.folder)),
      ...(upstream === undefined ? {} : proxySettings(upstream)),
    };
    const program = withSettings(purser({ isBuilt: built }), settings);
    const registry = await sandbox.start(program, { root: 'root' });
    const connection: RegistryClientOptions = {
      ports: [registry.port],
      timeoutMs: 15_000,
      speaksTls: protocol === 'tls',
      headers: kinds.includes('wrong-passwords') ? LOGIN : {},
    };
    const morePaths = hasUpstream ? ['/v2/mirror/app/tags/list'] : [];
    const client = new OrdinaryClient({ connection, seed, pauseMs: PAUSE_MS, morePaths });
    await client.prepare();
    const content = {
      ...(await pushHostileContent(connection, seed)),
      dear: DEAR_REQUESTS.map((line) => line.replace('{subject}', subject)),
    };
    const target = { port: registry.port, protocol, content };
    return new Stage(resources.move(), { registry, client, target, root });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.stop();
    await this.#resources.disposeAsync();
  }
}

const LOGIN = {
  authorization: `Basic ${Buffer.from(`${USER}:${KNOWN_PASSWORD}`).toString('base64')}`,
};

async function settingsOf(
  { kinds, protocol, workers, limits }: StageOptions,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  return {
    ...(workers > 0 ? { REGISTRY_HTTP_WORKERS: String(workers) } : {}),
    ...(limits === '' ? {} : { REGISTRY_HTTP_LIMITS: limits }),
    ...(protocol === 'h2c' ? { REGISTRY_HTTP_H2C_ENABLED: 'true' } : {}),
    ...(protocol === 'tls' ? await tlsSettings(folder) : {}),
    ...(kinds.includes('wrong-passwords') ? loginSettings(folder) : {}),
  };
}

async function tlsSettings(folder: string): Promise<Readonly<Record<string, string>>> {
  const authority = await CertificateAuthority.create(folder);
  const { certificate, key } = await authority.issue({ name: 'server', usage: 'serverAuth' });
  return { REGISTRY_HTTP_TLS_CERTIFICATE: certificate, REGISTRY_HTTP_TLS_KEY: key };
}

/** Hostile clients have no login, and may do as much without one as a registry ever allows. */
function loginSettings(folder: string): Readonly<Record<string, string>> {
  const path = join(folder, 'htpasswd');
  writeFileSync(path, `${USER}:${KNOWN_HASH}\n`);
  const open = ['hostile/**', 'large/**', 'many/**', 'mirror/**'];
  const policy = [
    { repositories: ['**'], users: [USER], allow: ['push'] },
    { repositories: open, anonymous: true, allow: ['push'] },
  ];
  return {
    REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'Registry', path, policy } }),
  };
}

function proxySettings({ url }: SlowUpstream): Readonly<Record<string, string>> {
  return {
    REGISTRY_PROXY: JSON.stringify({ upstreams: [{ prefix: 'mirror', remoteurl: url }] }),
  };
}

async function pushHostileContent(connection: RegistryClientOptions, seed: number) {
  const client = new RegistryClient(connection);
  const source = new ContentSource(seed);
  const blob = source.sample({ seed: 0, size: BLOB_SIZE });
  await pushWhole({ client, repository: HOSTILE, source }, blob);
  const manifest = manifestPath(HOSTILE, 'large');
  const annotations = { padding: 'x'.repeat(PADDING_SIZE) };
  const document = { schemaVersion: 2, mediaType: INDEX, manifests: [], annotations };
  const body = Buffer.from(JSON.stringify(document));
  const headers = { 'content-type': INDEX };
  await ask(client, { method: 'PUT', path: manifest, headers, body }, [201]);
  client.close();
  return {
    blob: blobPath(HOSTILE, blob.digest),
    missingBlob: blobPath(HOSTILE, MISSING),
    manifest,
    uploads: `/v2/${HOSTILE}/blobs/uploads/`,
    pulledBlobs: '/v2/mirror/app/blobs/',
    user: USER,
  };
}
