import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { findOrBuild, freePort, needGoPrograms, needPrograms } from '@purser/external-programs';
import {
  distribution,
  dockerRegistry,
  purser,
  RegistryClient,
  Sandbox,
  withSettings,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const programs = needPrograms('docker-registry');
const reader = needGoPrograms('prom2json');
const third = needGoPrograms('prom2json', 'distribution');
/** The reference parser has to be built, and servers of every make are started. */
const LONG = { timeout: 240_000 };

const BLOB = Buffer.from('hello');
const DIGEST = `sha256:${createHash('sha256').update(BLOB).digest('hex')}`;
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: DIGEST, size: BLOB.length },
  layers: [],
});
const OCI = 'application/vnd.oci.image.manifest.v1+json';

/** What prom2json gives: every family of a text, read by the parser that Prometheus has. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'COUNTER' | 'GAUGE' | 'HISTOGRAM' | 'SUMMARY' | 'UNTYPED';
  readonly metrics: readonly {
    readonly labels?: Readonly<Record<string, string>>;
    readonly value?: string;
    readonly count?: string;
    readonly sum?: string;
    readonly buckets?: Readonly<Record<string, string>>;
  }[];
}

/** The same requests for each, and what the metrics then say. */
async function measure(sandbox: Sandbox, program: RegistryProgram): Promise<readonly Family[]> {
  const debugPort = await freePort();
  const settled = withSettings(program, {
    OTEL_TRACES_EXPORTER: 'none',
    REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: 'inmemory',
    REGISTRY_STORAGE_DELETE_ENABLED: 'true',
    REGISTRY_HTTP_DEBUG_ADDR: `127.0.0.1:${debugPort}`,
    REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: 'true',
  });
  const registry = await sandbox.start(settled, { root: `metrics-${program.name}` });
  const client = new RegistryClient({ ports: [registry.port] });
  try {
    await askEverything(client);
    const debug = new RegistryClient({ ports: [debugPort] });
    const { headers, body } = await debug.request({ method: 'GET', path: '/metrics' });
    debug.close();
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4; charset=utf-8/);
    return await parse(body.toString());
  } finally {
    client.close();
    await registry.stop();
  }
}

async function askEverything(client: RegistryClient): Promise<void> {
  const ask = (method: string, path: string, rest: object = {}) =>
    client.request({ method, path, ...rest });
  for (const path of ['/v2/', '/v2/_catalog', '/', '/nothing', '/v2/unknown'])
    await ask('GET', path);
  const { headers } = await ask('POST', '/v2/app/blobs/uploads/');
  const patched = await ask('PATCH', pathOf(headers.location), { body: BLOB });
  const { pathname, search } = new URL(String(patched.headers.location), 'http://x');
  const query = search === '' ? '?' : `${search}&`;
  await ask('PUT', `${pathname}${query}digest=${encodeURIComponent(DIGEST)}`);
  await ask('GET', `/v2/app/blobs/${DIGEST}`);
  await ask('HEAD', `/v2/app/blobs/${DIGEST}`);
  await ask('GET', `/v2/app/blobs/sha256:${'0'.repeat(64)}`);
  const put = { headers: { 'content-type': OCI }, body: Buffer.from(MANIFEST) };
  await ask('PUT', '/v2/app/manifests/one', put);
  await ask('PUT', '/v2/app/manifests/one', { ...put, body: Buffer.from('broken') });
  await ask('GET', '/v2/app/manifests/one', { headers: { accept: OCI } });
  await ask('GET', '/v2/app/manifests/none');
  await ask('GET', '/v2/app/tags/list');
  await ask('DELETE', `/v2/app/blobs/${DIGEST}`);
}

function pathOf(location: unknown): string {
  const { pathname, search } = new URL(String(location), 'http://x');
  return pathname + search;
}

async function parse(text: string): Promise<readonly Family[]> {
  const command = await findOrBuild('prom2json');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(command, (error, stdout, stderr) => {
    if (error === null && stderr === '') resolve(stdout);
    else reject(new Error(stderr, { cause: error ?? undefined }));
  });
  child.stdin!.end(text);
  return JSON.parse(await promise) as readonly Family[];
}

/** Families of a prefix, with their types and the labels of their series; numbers only where both must count alike. */
function seriesOf(families: readonly Family[], prefix: string) {
  const found = families.filter(({ name }) => name.startsWith(prefix));
  return Object.fromEntries(
    found.map(({ name, type, metrics }) => [
      name,
      {
        type,
        series: metrics
          .map(({ labels = {}, value, buckets }) => {
            const entries = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
            const counted = type === 'COUNTER' && prefix === HTTP ? ` ${value}` : '';
            const bounds = buckets === undefined ? '' : ` ${boundsOf(buckets)}`;
            return `${JSON.stringify(entries)}${bounds}${counted}`;
          })
          .toSorted(),
      },
    ]),
  );
}

const HTTP = 'registry_http_';

function boundsOf(buckets: Readonly<Record<string, string>>): string {
  const bounds = Object.keys(buckets).map((bound) => Number(bound.replace('+Inf', 'Infinity')));
  return bounds.toSorted((a, b) => a - b).join(' ');
}

/** What the storage driver was asked, by the names of version 3. */
function actionsOf(families: readonly Family[]): readonly string[] {
  const family = families.find(({ name }) => name === 'registry_storage_action_seconds');
  const actions = family!.metrics.map(({ labels }) => labels!['action']!.replace('URLFor', URL_3));
  return [...new Set(actions)];
}

const URL_3 = 'RedirectURL';

describe.skipIf(programs.isUnmet || reader.isUnmet)(
  `the metrics of Purser, beside those of distribution${programs.note}${reader.note}`,
  LONG,
  () => {
    let sandbox: Sandbox;
    let ours: readonly Family[];

    beforeAll(async () => {
      sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-metrics-' });
      ours = await measure(sandbox, purser());
    }, LONG.timeout);

    afterAll(() => sandbox[Symbol.asyncDispose]());

    it('are text that the parser of Prometheus takes, each with a help', () => {
      expect(ours.filter(({ help }) => help === '')).toEqual([]);
      expect(ours.filter(({ type }) => type === 'UNTYPED')).toEqual([]);
    });

    it('of requests have the names, labels, buckets and counts of version 2', async () => {
      const theirs = await measure(sandbox, dockerRegistry());
      expect(withoutOwn(seriesOf(ours, HTTP))).toEqual(seriesOf(theirs, HTTP));
      expect(actionsOf(ours)).toEqual(expect.arrayContaining([...actionsOf(theirs)]));
    });

    it.skipIf(third.isUnmet)(
      `of requests and the cache have those of version 3${third.note}`,
      async () => {
        const theirs = await measure(sandbox, distribution(await findOrBuild('distribution')));
        expect(withoutOwn(seriesOf(ours, HTTP))).toEqual(seriesOf(theirs, HTTP));
        const cache = 'registry_storage_cache_';
        expect(seriesOf(ours, cache)).toMatchObject(seriesOf(theirs, cache));
        expect(actionsOf(ours)).toEqual(expect.arrayContaining([...actionsOf(theirs)]));
      },
    );
  },
);

/** Endpoints that distribution does not have. */
function withoutOwn(found: ReturnType<typeof seriesOf>) {
  return Object.fromEntries(
    Object.entries(found).map(([name, { type, series }]) => [
      name,
      { type, series: series.filter((labels) => !/"(?:referrers|repository)"/.test(labels)) },
    ]),
  );
}
