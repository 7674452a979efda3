import {
  DEFAULT_MAXIMUM_MANIFEST_SIZE,
  isObject,
  isRepositoryName,
  routes,
  type ListOptions,
  type ManifestDecoder,
  type OperationOptions,
  type Registry,
  type Repository,
  type RepositoryName,
  type RepositoryRemover,
} from '@purser/core';
import { RemoteBlobs } from './blobs/blobs.ts';
import { Connection } from './connection.ts';
import { byComponent, inOrder } from './listing/in-order.ts';
import { RemoteManifests } from './manifests/manifests.ts';
import { pages } from './listing/paging.ts';
import { RemoteReferrers } from './manifests/referrers.ts';
import { registryUrl } from './registry-url.ts';
import { invalidResponse } from './response-errors.ts';
import { deleting, LISTING } from './scopes.ts';
import { RemoteTags } from './manifests/tags.ts';
import { createTransport, type CreateTransportOptions } from './transport/create-transport.ts';
import { discard } from './transport/read-body.ts';

export interface RegistryClientOptions extends Omit<CreateTransportOptions, 'registry'> {
  /**
   * Where the registry is: a URL, whose path is where the API is mounted, or a host as in a reference, such as
   * `registry.example:5000` or `docker.io` (see `registryUrl`).
   */
  readonly registry: URL | string;
  /** Reads manifests: made of the formats that are to be understood. */
  readonly decoder: ManifestDecoder;
  /** The host of the registry that this one is a mirror of, told to it as `ns` when content is read. Default: none. */
  readonly namespace?: string | undefined;
  /** Largest manifest that is read, in bytes. Default 4 MiB. */
  readonly maximumManifestSize?: number | undefined;
  /** Largest page of a listing that is read, in bytes. Default 32 MiB. */
  readonly maximumListingSize?: number | undefined;
  /** Most pages of one listing: a registry that gives more does not end it. Default 10,000. */
  readonly maximumPages?: number | undefined;
  /** Bytes of one part of an upload that goes in parts, which are kept in memory until they are stored. Default 8 MiB. */
  readonly chunkSize?: number | undefined;
  /**
   * Largest part in bytes that the registry may demand by `OCI-Chunk-Min-Length`. Default: 32 MiB, or `chunkSize` when
   * that is more.
   */
  readonly maximumChunkSize?: number | undefined;
}

/** A remote registry. Disposing of it ends its connections. */
export interface RegistryClient extends Registry, AsyncDisposable {
  readonly url: URL;

  repository(name: RepositoryName): RemoteRepository;

  /**
   * Asks whether there is a registry, and whether it takes the credentials.
   *
   * @throws RegistryClientError `UNAUTHORIZED`, `DENIED`; `ROUTE_UNKNOWN` when there is something else.
   * @see OCI distribution-spec, end-1.
   */
  check(options?: OperationOptions): Promise<void>;
}

/** A repository of a remote registry. It is a `Repository`, and can do more. */
export interface RemoteRepository extends Repository {
  readonly blobs: RemoteBlobs;
  readonly manifests: RemoteManifests;
  readonly tags: RemoteTags;
  /** Says `UNSUPPORTED`, or `ROUTE_UNKNOWN`, where the registry removes no repositories. */
  readonly remover: RepositoryRemover;
}

const DEFAULT_MAXIMUM_LISTING_SIZE = 32 * 1024 * 1024;
const DEFAULT_MAXIMUM_PAGES = 10_000;
const DEFAULT_CHUNK_SIZE = 8 * 1024 * 1024;
const DEFAULT_MAXIMUM_CHUNK_SIZE = 32 * 1024 * 1024;

/**
 * Makes a client of a registry. Nothing is asked yet.
 *
 * Beside what the contracts say, every call may fail with RegistryClientError `UNAUTHORIZED` and `DENIED` as the registry
 * answers; `TOOMANYREQUESTS` and `UNAVAILABLE` after all attempts; `RESPONSE_INVALID` when an answer is malformed or too long.
 * A call whose signal is aborted fails with its reason, and a push whose content fails with what that fails with.
 *
 * @throws RegistryClientError `NAME_INVALID` when `registry` is neither a URL of HTTP nor a host; TypeError for an option
 * that cannot be meant, such as a `chunkSize` below 1.
 */
export function createRegistryClient({
  registry,
  decoder,
  namespace,
  maximumManifestSize = DEFAULT_MAXIMUM_MANIFEST_SIZE,
  maximumListingSize = DEFAULT_MAXIMUM_LISTING_SIZE,
  maximumPages = DEFAULT_MAXIMUM_PAGES,
  chunkSize = DEFAULT_CHUNK_SIZE,
  maximumChunkSize = Math.max(DEFAULT_MAXIMUM_CHUNK_SIZE, chunkSize),
  ...transportOptions
}: RegistryClientOptions): RegistryClient {
  if (!(chunkSize >= 1)) throw new TypeError('chunkSize must be at least 1 byte');
  const url = registryUrl(registry);
  const transport = createTransport({ ...transportOptions, registry: url });
  const direct =
    (transportOptions.mirrors ?? []).length === 0
      ? transport
      : createTransport({ ...transportOptions, registry: url, mirrors: undefined });
  const connection = new Connection({
    transport,
    direct,
    registry: url,
    decoder,
    namespace,
    maximumManifestSize,
    maximumListingSize,
    maximumPages,
    chunkSize,
    maximumChunkSize,
  });
  return {
    url,
    repository: (name) => remoteRepository(connection, name),
    repositories: (options) => listRepositories(connection, options),
    check: (options) => check(connection, options),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      if (direct !== transport) await direct[Symbol.asyncDispose]();
    },
  };
}

function remoteRepository(connection: Connection, name: RepositoryName): RemoteRepository {
  const manifests = new RemoteManifests(connection, name);
  return {
    name,
    blobs: new RemoteBlobs(connection, name),
    manifests,
    tags: new RemoteTags(connection, name, manifests),
    referrers: new RemoteReferrers(connection, name, manifests),
    remover: { remove: (options) => removeRepository(connection, { ...options, name }) },
  };
}

/** Purser's own: `storage.delete.repositories` switches it on. */
async function removeRepository(
  connection: Connection,
  { name, signal }: OperationOptions & { readonly name: RepositoryName },
): Promise<void> {
  const response = await connection.transport.send({
    method: 'DELETE',
    url: connection.url(routes.repository.format({ name })),
    scopes: deleting(name),
    expect: [202],
    signal,
  });
  await discard(response);
}

async function* listRepositories(
  connection: Connection,
  { signal, ...options }: ListOptions = {},
): AsyncGenerator<RepositoryName> {
  const list = (query: URLSearchParams) =>
    pages(connection, {
      path: routes.catalog.pattern,
      query,
      scopes: LISTING,
      codes: { 404: 'UNSUPPORTED' },
      parse: parseRepositories,
      signal,
    });
  yield* inOrder<RepositoryName>(list, {
    ...options,
    keyOf: (name) => name,
    compare: byComponent,
  });
}

function parseRepositories(document: unknown): readonly RepositoryName[] {
  const names = isObject(document) ? (document['repositories'] ?? []) : undefined;
  if (
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string' && isRepositoryName(name))
  ) {
    return names as RepositoryName[];
  }
  throw invalidResponse('a list of repositories is malformed');
}

async function check(connection: Connection, { signal }: OperationOptions = {}): Promise<void> {
  const response = await connection.transport.send({
    method: 'GET',
    url: connection.url(routes.base.pattern),
    scopes: [],
    expect: [200],
    signal,
  });
  await discard(response);
}
