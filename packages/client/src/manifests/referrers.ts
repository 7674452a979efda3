import {
  routes,
  type Descriptor,
  type Digest,
  type ListReferrersOptions,
  type OperationOptions,
  type ReferrerService,
  type RepositoryName,
  type TaggedManifestProvider,
} from '@purser/core';
import type { Connection } from '../connection.ts';
import { readFallback } from './fallback-tags.ts';
import { byBytes, inOrder } from '../listing/in-order.ts';
import { pages } from '../listing/paging.ts';
import { INDEX, parseReferrers } from './referrers-index.ts';
import { pulling } from '../scopes.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';

interface ReferrersRequest extends OperationOptions {
  readonly name: RepositoryName;
  readonly subject: Digest;
  readonly artifactType?: string | undefined;
}

/** The referrers in one repository of a remote registry. */
export class RemoteReferrers implements ReferrerService {
  readonly #connection: Connection;
  readonly #name: RepositoryName;
  readonly #manifests: TaggedManifestProvider;

  constructor(connection: Connection, name: RepositoryName, manifests: TaggedManifestProvider) {
    this.#connection = connection;
    this.#name = name;
    this.#manifests = manifests;
  }

  /**
   * Where the registry does not know referrers, those that the fallback tag of the subject lists.
   *
   * @throws RegistryClientError `RESPONSE_INVALID` when the answer is no list of referrers.
   */
  async *list(subject: Digest, options: ListReferrersOptions = {}): AsyncGenerator<Descriptor> {
    const { artifactType, after, limit, signal } = options;
    const request = { name: this.#name, subject, artifactType, signal };
    const list = (query: URLSearchParams) => this.#pages(request, query);
    yield* inOrder(list, { after, limit, keyOf: ({ digest }) => digest, compare: byBytes });
  }

  /** What the registry may leave to its clients to filter is filtered here. */
  async *#pages(
    request: ReferrersRequest,
    query: URLSearchParams,
  ): AsyncGenerator<readonly Descriptor[]> {
    const { artifactType } = request;
    // Referrers have no pages to ask for: `last` is heeded by some, a number by none.
    query.delete('n');
    for await (const page of this.#allPages(request, query)) {
      yield artifactType === undefined
        ? page
        : page.filter((entry) => entry.artifactType === artifactType);
    }
  }

  async *#allPages(
    request: ReferrersRequest,
    query: URLSearchParams,
  ): AsyncGenerator<readonly Descriptor[]> {
    if (this.#connection.hasReferrers !== false) {
      try {
        yield* referrersPages(this.#connection, request, query);
        return;
      } catch (error) {
        if (!isWithoutReferrers(error)) throw error;
        this.#connection.hasReferrers ??= false;
      }
    }
    const { subject, signal } = request;
    yield readFallback(this.#manifests, subject, { signal });
  }
}

/** Whether the registry knows referrers, which is asked until it is known. */
export async function hasReferrersApi(
  connection: Connection,
  request: ReferrersRequest,
): Promise<boolean> {
  if (connection.hasReferrers !== undefined) return connection.hasReferrers;
  try {
    for await (const _ of referrersPages(connection, request, new URLSearchParams())) break;
  } catch (error) {
    if (!isWithoutReferrers(error)) throw error;
    connection.hasReferrers = false;
  }
  return connection.hasReferrers ?? false;
}

async function* referrersPages(
  connection: Connection,
  { name, subject, artifactType, signal }: ReferrersRequest,
  query: URLSearchParams,
): AsyncGenerator<readonly Descriptor[]> {
  if (artifactType !== undefined) query.set('artifactType', artifactType);
  yield* pages(connection, {
    path: routes.referrers.format({ name, digest: subject }),
    query,
    headers: { Accept: INDEX },
    scopes: pulling(name),
    // The spec: only a registry without referrers answers like this.
    codes: { 404: 'ROUTE_UNKNOWN' },
    signal,
    parse: (document) => {
      connection.hasReferrers = true;
      return parseReferrers(document);
    },
  });
}

/** Registries that do not know the path say so in many ways; a page of HTML is one of them. */
function isWithoutReferrers(error: unknown): boolean {
  return RegistryClientError.is(error, 'ROUTE_UNKNOWN', 'UNSUPPORTED');
}
