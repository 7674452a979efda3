import {
  ask,
  blobPath,
  digestOf,
  locationOf,
  type RegistryClient,
  type RegistryRequest,
} from '@purser/registry-under-test';

/** One repository of one registry. */
export interface Repository {
  readonly client: RegistryClient;
  readonly repository: string;
}

/** Pushes these bytes as a blob. @returns Their digest. */
export async function pushBytes(
  { client, repository }: Repository,
  body: Uint8Array,
): Promise<string> {
  const digest = digestOf(body);
  const begin: RegistryRequest = { method: 'POST', path: blobPath(repository, 'uploads/') };
  const location = locationOf(begin, await ask(client, begin, [202]));
  const path = `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;
  const headers = { 'content-type': 'application/octet-stream' };
  await ask(client, { method: 'PUT', path, headers, body }, [201]);
  return digest;
}
