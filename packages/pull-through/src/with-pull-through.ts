import { tmpdir } from 'node:os';
import type { Digest, ListOptions, Registry, Repository, RepositoryName } from '@purser/core';
import { BlobFetches } from './blob-fetches.ts';
import { systemClock, type Clock } from './clock.ts';
import { Expiry } from './expiry.ts';
import type { ExpiryStateStore } from './expiry-state.ts';
import { listFromUpstream } from './list-from-upstream.ts';
import { Outages } from './outages.ts';
import type { PullThroughObserver } from './observer.ts';
import type { PullContext, PullRequest } from './pull-context.ts';
import { PulledBlobs } from './pulled-blobs.ts';
import { PulledManifests } from './pulled-manifests.ts';
import { PulledTags } from './pulled-tags.ts';
import { SingleFlight } from './single-flight.ts';
import { removeLeftSpools } from './spool.ts';
import {
  UpstreamTable,
  type NamedRepository,
  type ResolvedRepository,
  type Route,
  type Upstream,
} from './upstreams.ts';

export interface PullThroughOptions {
  /** The registries to pull from. */
  readonly upstreams: readonly Upstream[];
  /** Whether the local registry has a repository, which an upstream that is the fallback does not serve then. */
  readonly isLocal?: ((name: RepositoryName) => Promise<boolean>) | undefined;
  /** The namespace of this registry, by which clients ask for names as they are. Default: none. */
  readonly ownNamespace?: string | undefined;
  /**
   * Where what is pulled is kept. It takes a manifest before what that refers to, and allows deletion: without, nothing
   * expires. Default: the local registry.
   */
  readonly store?: Registry | undefined;
  /** How long content is kept after it was fetched, in milliseconds; 0 for ever. Default: 168 hours, as in distribution. */
  readonly ttlMs?: number | undefined;
  /** The most bytes of pulled content that are kept; what was unused for longest goes first. Default: no limit. */
  readonly maximumBytes?: number | undefined;
  /** Keeps what expires when from one process to the next. Default: what is here after a restart never expires. */
  readonly state?: ExpiryStateStore | undefined;
  /**
   * Frees the bytes of content that expired in every repository that pulled it. Only safe while nothing else refers to
   * them. Default: bytes are left to the garbage collection of the store.
   */
  readonly discard?: ((digest: Digest) => Promise<void>) | undefined;
  /** An existing directory for content on its way: as large as all that is fetched at one time. Default: the system's. */
  readonly spoolDirectory?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Told of fetches, outages and failures. Default: nobody is. */
  readonly observer?: PullThroughObserver | undefined;
}

/** A registry that has what other registries have. */
export interface PullThrough extends Registry, AsyncDisposable {
  /**
   * Returns the repository here that has what a client asks for: rights are checked for that name, and `repository` opens
   * it.
   *
   * @throws RegistryError `NAME_UNKNOWN` if the namespace belongs to no upstream, or the name here to another upstream;
   * `NAME_INVALID` if the name here is too long.
   */
  resolve(requested: NamedRepository): ResolvedRepository;

  /** A view of a repository for one request. */
  repository(name: RepositoryName, request?: PullRequest): Repository;

  /**
   * Reads what expires when, and removes files that killed processes left in the spool directory. What is served before
   * is not missed.
   */
  start(): Promise<void>;

  /** Breaks off fetches and saves the state. */
  close(): Promise<void>;
}

const DEFAULT_TTL_MS = 168 * 60 * 60 * 1000;

/**
 * Serves the repositories of upstreams through a local registry, which keeps what was pulled. Names without an upstream
 * are the local registry's own. Opens nothing: the first call does.
 *
 * @throws TypeError when two upstreams have the same prefix, namespace, or no prefix.
 * @see distribution, registry/proxy; OCI distribution-spec, "Registry Proxying".
 */
export function withPullThrough(local: Registry, options: PullThroughOptions): PullThrough {
  const { store = local, observer = () => {}, ttlMs = DEFAULT_TTL_MS } = options;
  const { maximumBytes = Infinity, clock = systemClock, state, discard } = options;
  const table = new UpstreamTable(options.upstreams, options);
  const expiry = new Expiry({ store, ttlMs, maximumBytes, state, discard, clock, observer });
  const spoolDirectory = options.spoolDirectory ?? tmpdir();
  const fetches = new BlobFetches({ spoolDirectory, expiry, observer, clock });
  const outages = new Outages(clock);
  const flights = new SingleFlight();
  const context: PullContext = { fetches, expiry, observer, outages, flights };

  async function close(): Promise<void> {
    await fetches.close();
    await expiry.close();
  }

  return {
    resolve: (requested) => table.resolve(requested),
    repository(name, request = {}) {
      const route = table.find(name);
      if (route === undefined) return local.repository(name);
      return createPulledRepository(name, { route, store, context, request });
    },
    repositories: (listOptions?: ListOptions) => local.repositories(listOptions),
    async start() {
      if (options.spoolDirectory !== undefined) await removeLeftSpools(options.spoolDirectory);
      await expiry.start();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface PulledRepositoryParts {
  readonly route: Route;
  readonly store: Registry;
  readonly context: PullContext;
  readonly request: PullRequest;
}

function createPulledRepository(
  name: RepositoryName,
  { route, store, context, request }: PulledRepositoryParts,
): Repository {
  const source = {
    upstream: route.upstream.name,
    remote: route.upstream.registry.repository(route.remoteName),
    store: store.repository(name),
    name,
  };
  const manifests = new PulledManifests(source, context);
  return {
    name,
    blobs: new PulledBlobs(source, context, request),
    manifests,
    tags: new PulledTags({ source, manifests }, context, request),
    referrers: {
      list: (subject, options) =>
        listFromUpstream({
          ...source,
          observer: context.observer,
          onStale: request.onStale,
          ask: ({ referrers }) => referrers.list(subject, options),
        }),
    },
  };
}
