import {
  RegistryError,
  type Digest,
  type ListOptions,
  type OperationOptions,
  type Tag,
  type TaggedManifestProvider,
  type TagService,
} from '@purser/core';
import { listFromUpstream } from './list-from-upstream.ts';
import type { PullContext, PullRequest } from './pull-context.ts';
import type { PulledManifests } from './pulled-manifests.ts';
import { refusePush } from './refuse-pushes.ts';
import type { Source } from './source.ts';
import { isOutage, upstreamFailure } from './upstream-failure.ts';

interface Answer {
  readonly digest: Digest | undefined;
  readonly isStale: boolean;
}

/**
 * The tags of one repository of an upstream. They move, so upstream is asked each time, whether what is known still
 * holds; only while it cannot answer does a tag name what it named before.
 */
export class PulledTags implements TagService {
  readonly tag = refusePush;
  readonly untag = refusePush;
  readonly #source: Source;
  readonly #manifests: PulledManifests;
  readonly #context: PullContext;
  readonly #request: PullRequest;

  constructor(
    { source, manifests }: { source: Source; manifests: PulledManifests },
    context: PullContext,
    request: PullRequest,
  ) {
    this.#source = source;
    this.#manifests = manifests;
    this.#context = context;
    this.#request = request;
  }

  async get(tag: Tag, options?: OperationOptions): Promise<Digest | undefined> {
    const { name, upstream } = this.#source;
    const ask = () => this.#ask(tag);
    const { digest, isStale } = await this.#context.flights.run(`tag ${name}:${tag}`, ask, options);
    if (isStale) this.#request.onStale?.(upstream);
    return digest;
  }

  list(options?: ListOptions): AsyncIterable<Tag> {
    return listFromUpstream({
      ...this.#source,
      observer: this.#context.observer,
      onStale: this.#request.onStale,
      ask: ({ tags }) => tags.list(options),
    });
  }

  /** The tags that are known here: no registry can be asked for them. */
  lookup(digest: Digest, options?: OperationOptions): AsyncIterable<Tag> {
    return this.#source.store.tags.lookup(digest, options);
  }

  async #ask(tag: Tag): Promise<Answer> {
    const { store, upstream } = this.#source;
    const { outages, observer } = this.#context;
    const known = await store.tags.get(tag);
    if (known !== undefined && outages.isRecent(upstream)) return { digest: known, isStale: true };
    try {
      const digest = await this.#askRemote(tag, known);
      outages.end(upstream);
      if (digest !== known) await this.#remember(tag, digest);
      return { digest, isStale: false };
    } catch (error) {
      if (!isOutage(error)) throw error;
      outages.begin(upstream);
      observer({ type: 'outage', upstream, error });
      if (known === undefined) throw upstreamFailure(error, upstream);
      return { digest: known, isStale: true };
    }
  }

  async #askRemote(tag: Tag, known: Digest | undefined): Promise<Digest | undefined> {
    const { remote, store } = this.#source;
    const manifests: typeof remote.manifests & Partial<TaggedManifestProvider> = remote.manifests;
    if (manifests.getByTag === undefined) return remote.tags.get(tag);
    const isKept = known !== undefined && (await store.manifests.exists(known));
    try {
      const found = await manifests.getByTag(tag, { ifNoneMatch: isKept ? known : undefined });
      if (found === undefined) return known;
      await this.#manifests.keep(found.manifest, found.digest);
      return found.digest;
    } catch (error) {
      if (RegistryError.is(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN')) return undefined;
      throw error;
    }
  }

  /** That fails only for the day on which upstream cannot be asked. */
  async #remember(tag: Tag, digest: Digest | undefined): Promise<void> {
    const { store, name } = this.#source;
    try {
      await (digest === undefined ? store.tags.untag(tag) : store.tags.tag(tag, digest));
    } catch (error) {
      if (RegistryError.is(error, 'MANIFEST_UNKNOWN')) return;
      const problem = `cannot remember what the tag ${tag} of ${name} names`;
      this.#context.observer({ type: 'failed', problem, error });
    }
  }
}
