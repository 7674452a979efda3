import {
  ask,
  digestOf,
  manifestPath,
  pullBlob,
  type RegistryClient,
} from '@purser/registry-under-test';

/** All that a registry serves, in a form that can be compared: what it answers by the path asked for. */
export type Inventory = Readonly<Record<string, unknown>>;

/** Everything that a manifest may be; a registry must not have to choose. */
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

interface Document {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

/**
 * Asks a registry for its catalog, the tags of each repository, each manifest by tag and by digest, and each blob that one of
 * them names.
 *
 * @throws UnexpectedAnswer when something of this is not there.
 */
export async function takeInventory(client: RegistryClient): Promise<Inventory> {
  const inventory: Record<string, unknown> = {};
  const { repositories } = await json<{ repositories: string[] }>(client, '/v2/_catalog');
  inventory['/v2/_catalog'] = repositories;
  for (const repository of repositories) {
    const path = `/v2/${repository}/tags/list`;
    const { name, tags } = await json<{ name: string; tags: string[] | null }>(client, path);
    // Distribution lists tags in the order of the directory.
    inventory[path] = { name, tags: (tags ?? []).toSorted() };
    for (const tag of tags ?? []) {
      await addManifest({ client, repository, inventory }, tag);
    }
  }
  return inventory;
}

interface Visit {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly inventory: Record<string, unknown>;
}

async function addManifest(visit: Visit, reference: string): Promise<void> {
  const { client, repository, inventory } = visit;
  const path = manifestPath(repository, reference);
  if (path in inventory) return;
  const request = { method: 'GET', path, headers: { accept: ACCEPT } };
  const { body, headers } = await ask(client, request, [200]);
  inventory[path] = {
    type: headers['content-type'],
    length: headers['content-length'],
    digest: headers['docker-content-digest'],
    contentDigest: digestOf(body),
  };
  const { config, layers = [], manifests = [] } = JSON.parse(body.toString()) as Document;
  for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
    inventory[`/v2/${repository}/blobs/${digest}`] ??= await pullBlob(visit, digest);
  }
  await addManifest(visit, digestOf(body));
  for (const { digest } of manifests) await addManifest(visit, digest);
}

async function json<T>(client: RegistryClient, path: string): Promise<T> {
  const { body } = await ask(client, { method: 'GET', path }, [200]);
  return JSON.parse(body.toString()) as T;
}
