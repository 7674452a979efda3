import {
  ask as expectStatus,
  blobPath,
  digestOf,
  locationOf,
  manifestPath,
  type RegistryAnswer,
  type RegistryClient,
  type RegistryRequest,
} from '@purser/registry-under-test';
import { pushBytes } from './push-bytes.ts';
import { saidOf, type SaidOf } from './said-of.ts';

export interface Caller {
  readonly client: RegistryClient;
  readonly port: number;
  readonly prefix: string;
  readonly authorization: string | undefined;
  /** Whether manifests with URLs are pushed, too. */
  readonly pushesUrls: boolean;
  /** Whether what is asked for is stored some time later: then nothing is asked of which the answer is left to that. */
  readonly storesLater: boolean;
}

const REPOSITORY = 'team/app';
const OTHER_REPOSITORY = 'team/other';
const CONFIG = Buffer.from('{"architecture":"amd64","os":"linux"}');
const LAYER = Buffer.from('the content of a layer');
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json';
const FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
const UNKNOWN = `sha256:${'a'.repeat(64)}`;

function manifest(url?: string): Buffer {
  const describe = (mediaType: string, content: Buffer) => ({
    mediaType,
    size: content.byteLength,
    digest: digestOf(content),
  });
  const layer = describe('application/vnd.docker.image.rootfs.diff.tar.gzip', LAYER);
  const foreign = { ...describe(FOREIGN, Buffer.from('elsewhere')), urls: [url] };
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER,
      config: describe('application/vnd.docker.container.image.v1+json', CONFIG),
      layers: url === undefined ? [layer] : [layer, foreign],
    }),
  );
}

const MANIFEST = manifest();

/** Gives a registry what others are to pull from it. */
export async function pushImage(client: RegistryClient): Promise<void> {
  for (const content of [CONFIG, LAYER]) {
    await pushBytes({ client, repository: REPOSITORY }, content);
  }
  await expectStatus(client, put(REPOSITORY, 'latest', MANIFEST), [201]);
}

/**
 * The same requests to any registry: base, uploads, manifests, blobs, listings, deletions, and what is wrong in each way.
 *
 * @returns What is said of each answer, by what was asked.
 */
export async function exercise(caller: Caller): Promise<Record<string, SaidOf>> {
  const said: Record<string, SaidOf> = {};
  const ask = async (name: string, request: RegistryRequest) => {
    const { authorization, client, prefix } = caller;
    const headers = { ...request.headers, ...(authorization && { authorization }) };
    // A `Location` has the prefix already, wherever a registry has one.
    const path = request.path.startsWith('/v2/') ? prefix + request.path : request.path;
    const answer = await client.request({ ...request, path, headers });
    said[name] = saidOf(answer, request, caller.port);
    return answer;
  };
  await askForNothing(ask);
  await askForUploads(ask, caller);
  await askForManifests(ask);
  if (caller.pushesUrls) await askForUrls(ask);
  await askForBlobs(ask, caller);
  await askForListings(ask, caller);
  await askForDeletions(ask);
  return said;
}

type Ask = (name: string, request: RegistryRequest) => Promise<RegistryAnswer>;

async function askForNothing(ask: Ask): Promise<void> {
  await ask('the root', { method: 'GET', path: '/' });
  await ask('the base', { method: 'GET', path: '/v2/' });
  await ask('the base, by HEAD', { method: 'HEAD', path: '/v2/' });
  await ask('a path that is none', { method: 'GET', path: '/v2/team/app/nothing' });
  const headers = { accept: DOCKER };
  await ask('a tag, first', { method: 'GET', path: manifestPath(REPOSITORY, 'latest'), headers });
  await ask('a blob of nothing', { method: 'GET', path: blobPath(REPOSITORY, UNKNOWN) });
}

async function askForUploads(ask: Ask, { prefix }: Caller): Promise<void> {
  const path = `/v2/${REPOSITORY}/blobs/uploads/`;
  for (const [name, content] of [
    ['config', CONFIG],
    ['layer', LAYER],
  ] as const) {
    const start = { method: 'POST', path };
    const begun = await ask(`begin an upload of the ${name}`, start);
    if (begun.status !== 202) continue;
    const location = inside(locationOf(start, begun), prefix);
    const end = `${location}${location.includes('?') ? '&' : '?'}digest=${digestOf(content)}`;
    const headers = { 'content-type': 'application/octet-stream' };
    await ask(`end the upload of the ${name}`, {
      method: 'PUT',
      path: end,
      headers,
      body: content,
    });
  }
  await ask('an upload that is none', {
    method: 'PATCH',
    path: `${path}00000000-0000-4000-8000-000000000000`,
    headers: { 'content-type': 'application/octet-stream' },
    body: LAYER,
  });
  for (const [name, content] of Object.entries({ config: CONFIG, layer: LAYER })) {
    const mount = `${path}?mount=${digestOf(content)}&from=${REPOSITORY}`;
    await ask(`mount the ${name}`, {
      method: 'POST',
      path: mount.replace(REPOSITORY, OTHER_REPOSITORY),
    });
  }
}

/** With relative URLs, one of the two loses its prefix. */
function inside(location: string, prefix: string): string {
  return location.startsWith(prefix) ? location : prefix + location;
}

function put(repository: string, reference: string, body: Buffer): RegistryRequest {
  const headers = { 'content-type': DOCKER };
  return { method: 'PUT', path: manifestPath(repository, reference), headers, body };
}

async function askForManifests(ask: Ask): Promise<void> {
  await ask('push a manifest', put(REPOSITORY, 'latest', MANIFEST));
  await ask('push it under another tag', put(REPOSITORY, 'v1', MANIFEST));
  await ask('push it to another repository', put(OTHER_REPOSITORY, 'v1', MANIFEST));
  await ask('push it under a wrong digest', put(REPOSITORY, UNKNOWN, MANIFEST));
  await ask('push what is no manifest', put(REPOSITORY, 'broken', Buffer.from('{')));
  for (const [name, reference] of [
    ['a tag', 'latest'],
    ['a digest', digestOf(MANIFEST)],
    ['an unknown digest', UNKNOWN],
  ] as const) {
    const path = manifestPath(REPOSITORY, reference);
    for (const method of ['GET', 'HEAD']) {
      await ask(`${method} ${name}`, { method, path, headers: { accept: DOCKER } });
    }
  }
}

async function askForUrls(ask: Ask): Promise<void> {
  for (const [name, url] of [
    ['an allowed URL', 'https://a.example.com/layer'],
    ['a denied URL', 'https://www.example.com/layer'],
    ['a URL that no rule allows', 'https://example.org/layer'],
  ] as const) {
    await ask(`push a manifest with ${name}`, put(REPOSITORY, 'url', manifest(url)));
  }
}

async function askForBlobs(ask: Ask, { storesLater }: Caller): Promise<void> {
  const path = blobPath(REPOSITORY, digestOf(LAYER));
  await ask('a blob', { method: 'GET', path });
  await ask('a blob, by HEAD', { method: 'HEAD', path });
  const headers = { range: 'bytes=4-10' };
  if (!storesLater) await ask('a part of a blob', { method: 'GET', path, headers });
  await ask('an unknown blob', { method: 'GET', path: blobPath(REPOSITORY, UNKNOWN) });
  await ask('a digest that is none', { method: 'GET', path: blobPath(REPOSITORY, 'sha256:abc') });
}

async function askForListings(ask: Ask, { storesLater }: Caller): Promise<void> {
  await ask('tags', { method: 'GET', path: `/v2/${REPOSITORY}/tags/list` });
  await ask('tags of nothing', { method: 'GET', path: '/v2/team/nothing/tags/list' });
  if (storesLater) return;
  await ask('the catalog', { method: 'GET', path: '/v2/_catalog' });
  await ask('a page of the catalog', { method: 'GET', path: '/v2/_catalog?n=1' });
  await ask('a large page of the catalog', { method: 'GET', path: '/v2/_catalog?n=1000' });
}

async function askForDeletions(ask: Ask): Promise<void> {
  const method = 'DELETE';
  await ask('delete a blob', { method, path: blobPath(REPOSITORY, digestOf(LAYER)) });
  await ask('delete an unknown blob', { method, path: blobPath(REPOSITORY, UNKNOWN) });
  const path = manifestPath(REPOSITORY, digestOf(MANIFEST));
  await ask('delete a manifest', { method, path });
  await ask('delete it again', { method, path });
  await ask('a tag of a deleted manifest', {
    method: 'GET',
    path: manifestPath(REPOSITORY, 'latest'),
    headers: { accept: DOCKER },
  });
}
