import {
  isObject,
  isTag,
  routes,
  type Digest,
  type ListOptions,
  type OperationOptions,
  type RepositoryName,
  type Tag,
  type TagOptions,
  type TagService,
} from '@purser/core';
import type { Connection } from '../connection.ts';
import { byBytes, inOrder } from '../listing/in-order.ts';
import { ManifestEndpoint, unchanged, type TagCondition } from './manifest-endpoint.ts';
import type { RemoteManifests } from './manifests.ts';
import { pages } from '../listing/paging.ts';
import { invalidResponse } from '../response-errors.ts';
import { pulling } from '../scopes.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';

/** Tags that are looked up at once. */
const LOOKUPS = 8;

/** The tags of one repository of a remote registry. */
export class RemoteTags implements TagService {
  readonly #connection: Connection;
  readonly #name: RepositoryName;
  readonly #manifests: RemoteManifests;
  readonly #endpoint: ManifestEndpoint;

  constructor(connection: Connection, name: RepositoryName, manifests: RemoteManifests) {
    this.#connection = connection;
    this.#name = name;
    this.#manifests = manifests;
    this.#endpoint = new ManifestEndpoint(connection, name);
  }

  async get(tag: Tag, { signal }: OperationOptions = {}): Promise<Digest | undefined> {
    const found = await this.#endpoint.head(tag, { signal });
    if (found !== 'untold') return found;
    return (await this.#manifests.getByTag(tag, { signal }))?.digest;
  }

  /**
   * Pushes the manifest again under the tag. With `allow`, the push is conditional; a registry that does not heed
   * conditions may move the tag although another client moved it in between.
   *
   * @throws RegistryClientError `MANIFEST_UNKNOWN` when the registry does not have the manifest.
   */
  async tag(tag: Tag, digest: Digest, { allow, signal }: TagOptions = {}): Promise<void> {
    const condition = allow && (await this.#condition(tag, { allow, signal }));
    const manifest = await this.#manifests.get(digest, { signal });
    await this.#manifests.tag(manifest, { tag, digest, condition, signal });
  }

  async #condition(
    tag: Tag,
    { allow, signal }: TagOptions & { allow: NonNullable<TagOptions['allow']> },
  ): Promise<TagCondition> {
    const current = await this.get(tag, { signal });
    if (allow(current)) return unchanged(current);
    throw new RegistryClientError('PRECONDITION_FAILED', {
      message: `the tag ${tag} may not be moved from what it names`,
      detail: { current },
    });
  }

  async untag(tag: Tag, options?: OperationOptions): Promise<void> {
    await this.#endpoint.delete(tag, options);
  }

  /** The order is that of bytes also where the registry has another: see the README on what that costs. */
  async *list({ signal, ...options }: ListOptions = {}): AsyncGenerator<Tag> {
    const list = (query: URLSearchParams) =>
      pages(this.#connection, {
        path: routes.tags.format({ name: this.#name }),
        query,
        scopes: pulling(this.#name),
        codes: { 404: 'NAME_UNKNOWN' },
        parse: parseTags,
        signal,
      });
    yield* inOrder<Tag>(list, { ...options, keyOf: (tag) => tag, compare: byBytes });
  }

  /** Asks for each tag of the repository, a few at a time. */
  async *lookup(digest: Digest, { signal }: OperationOptions = {}): AsyncGenerator<Tag> {
    for await (const tags of this.#groups(signal)) {
      const digests = await Promise.all(tags.map((tag) => this.get(tag, { signal })));
      yield* tags.filter((_, index) => digests[index] === digest);
    }
  }

  async *#groups(signal: AbortSignal | undefined): AsyncGenerator<readonly Tag[]> {
    let group: Tag[] = [];
    try {
      for await (const tag of this.list({ signal })) {
        group.push(tag);
        if (group.length < LOOKUPS) continue;
        yield group;
        group = [];
      }
    } catch (error) {
      if (!RegistryClientError.is(error, 'NAME_UNKNOWN')) throw error;
    }
    if (group.length > 0) yield group;
  }
}

function parseTags(document: unknown): readonly Tag[] {
  // Go writes an empty list as null.
  const tags = isObject(document) ? (document['tags'] ?? []) : undefined;
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && isTag(tag))) {
    return tags as Tag[];
  }
  throw invalidResponse('a list of tags is malformed');
}
