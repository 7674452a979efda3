import {
  canonicalBytes,
  digestOf,
  RegistryError,
  supportedAlgorithmOf,
  type Digest,
  type GetManifestOptions,
  type Manifest,
  type ManifestService,
  type OperationOptions,
} from '@purser/core';
import type { PullContext } from './pull-context.ts';
import { refusePush } from './refuse-pushes.ts';
import { keyOf, type Source } from './source.ts';
import { isOutage, upstreamFailure } from './upstream-failure.ts';

/** The manifests of one repository of an upstream. A digest names the same bytes for ever: what is here is served. */
export class PulledManifests implements ManifestService {
  readonly put = refusePush;
  readonly delete = refusePush;
  readonly #source: Source;
  readonly #context: PullContext;
  /** What was fetched for this request: a tag brings its manifest. */
  #fetched: Digest | undefined;

  constructor(source: Source, context: PullContext) {
    this.#source = source;
    this.#context = context;
  }

  async exists(digest: Digest, options?: OperationOptions): Promise<boolean> {
    const { store, remote, upstream } = this.#source;
    if (await store.manifests.exists(digest, options)) return true;
    try {
      return await remote.manifests.exists(digest, options);
    } catch (error) {
      options?.signal?.throwIfAborted();
      throw upstreamFailure(error, upstream);
    }
  }

  async get(digest: Digest, options: GetManifestOptions = {}): Promise<Manifest> {
    const { name: repository } = this.#source;
    const { flights, observer } = this.#context;
    const kept = await this.#kept(digest, options);
    const fetch = () => this.#fetch(digest);
    const manifest =
      kept ?? (await flights.run(`manifest ${keyOf(repository, digest)}`, fetch, options));
    const isHere = kept !== undefined && this.#fetched !== digest;
    const content = { kind: 'manifest', repository, digest } as const;
    observer({ type: 'served', content, from: isHere ? 'store' : 'upstream' });
    return manifest;
  }

  /**
   * Checks what an upstream gave, and keeps it.
   *
   * @throws RegistryError `RESPONSE_INVALID` when it is not what the digest says.
   */
  async keep(manifest: Manifest, digest: Digest): Promise<void> {
    const { store, name, upstream } = this.#source;
    const { expiry, observer } = this.#context;
    const bytes = canonicalBytes(manifest);
    if (digestOf(bytes, supportedAlgorithmOf(digest)) !== digest) {
      throw new RegistryError('RESPONSE_INVALID', {
        message: `the upstream ${upstream} gave wrong content for a manifest`,
        detail: { digest },
      });
    }
    const content = { kind: 'manifest', repository: name, digest } as const;
    const size = manifest.payload.byteLength;
    observer({ type: 'fetched', content, upstream, size });
    this.#fetched = digest;
    try {
      await expiry.keep(content, size, async () => {
        await store.manifests.put(manifest, { digest });
      });
    } catch (error) {
      observer({ type: 'failed', problem: `cannot keep manifest ${digest} of ${name}`, error });
    }
  }

  async #kept(digest: Digest, options: GetManifestOptions): Promise<Manifest | undefined> {
    const { store, name } = this.#source;
    const { expiry, observer } = this.#context;
    try {
      const manifest = await store.manifests.get(digest, options);
      expiry.touch({ repository: name, digest });
      return manifest;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!RegistryError.is(error, 'MANIFEST_UNKNOWN')) {
        observer({ type: 'failed', problem: `cannot read manifest ${digest} of ${name}`, error });
      }
      return undefined;
    }
  }

  async #fetch(digest: Digest): Promise<Manifest> {
    const { remote, upstream } = this.#source;
    try {
      const manifest = await remote.manifests.get(digest);
      await this.keep(manifest, digest);
      return manifest;
    } catch (error) {
      if (isOutage(error)) this.#context.observer({ type: 'outage', upstream, error });
      throw upstreamFailure(error, upstream);
    }
  }
}
