import {
  canonicalBytes,
  digestOf,
  supportedAlgorithmOf,
  type Digest,
  type GetByTagOptions,
  type Manifest,
  type ManifestService,
  type OperationOptions,
  type PutManifestOptions,
  type RepositoryName,
  type Tag,
  type TaggedManifest,
  type TaggedManifestProvider,
} from '@purser/core';
import type { Connection } from '../connection.ts';
import { FallbackTags } from './fallback-tags.ts';
import { ManifestEndpoint, type PutRequest } from './manifest-endpoint.ts';
import { hasReferrersApi } from './referrers.ts';
import { wrongDigest } from '../response-errors.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';

export interface PushManifestOptions extends PutManifestOptions {
  /** Tags to push the manifest under as well. */
  readonly tags?: readonly Tag[] | undefined;
}

export interface TagManifestOptions extends Omit<PutRequest, 'reference' | 'query'> {
  readonly tag: Tag;
}

/** The manifests of one repository of a remote registry. Everything received is checked against its digest. */
export class RemoteManifests implements ManifestService, TaggedManifestProvider {
  readonly #connection: Connection;
  readonly #name: RepositoryName;
  readonly #endpoint: ManifestEndpoint;
  readonly #fallback: FallbackTags;

  constructor(connection: Connection, name: RepositoryName) {
    this.#connection = connection;
    this.#name = name;
    this.#endpoint = new ManifestEndpoint(connection, name);
    this.#fallback = new FallbackTags(this, (tag, signal) =>
      connection.fallbackLocks.acquire(`${name}:${tag}`, { signal }),
    );
  }

  async exists(digest: Digest, { signal }: OperationOptions = {}): Promise<boolean> {
    return (await this.#endpoint.head(digest, { signal })) !== undefined;
  }

  /**
   * @throws RegistryClientError `DIGEST_INVALID` when the registry gives, or says that it gives, something else;
   * `RESPONSE_INVALID` when it is longer than the limit, or no manifest of a known format.
   */
  async get(digest: Digest, { signal }: OperationOptions = {}): Promise<Manifest> {
    const { manifest, said } = await this.#endpoint.get(digest, { signal });
    checkContent(manifest, digest);
    if (said !== undefined && said !== digest) checkContent(manifest, said);
    return manifest;
  }

  /**
   * With `ifNoneMatch` the registry is asked by HEAD first, which no registry counts as a pull: nothing is fetched while
   * the tag names the digest.
   *
   * @throws RegistryClientError as `get`.
   */
  async getByTag(
    tag: Tag,
    { ifNoneMatch, mediaTypes, signal }: GetByTagOptions = {},
  ): Promise<TaggedManifest | undefined> {
    if (ifNoneMatch !== undefined) {
      const current = await this.#headIfPossible(tag, { ifNoneMatch, signal });
      if (current === ifNoneMatch) return undefined;
    }
    const { manifest, said } = await this.#endpoint.get(tag, { mediaTypes, signal });
    const digest = said ?? digestOf(canonicalBytes(manifest));
    checkContent(manifest, digest);
    return digest === ifNoneMatch ? undefined : { manifest, digest };
  }

  async #headIfPossible(
    tag: Tag,
    options: OperationOptions & { readonly ifNoneMatch: Digest },
  ): Promise<Digest | 'untold'> {
    try {
      const found = await this.#endpoint.head(tag, options);
      if (found !== undefined) return found;
    } catch (error) {
      if (RegistryClientError.is(error, 'UNSUPPORTED')) return 'untold';
      throw error;
    }
    throw new RegistryClientError('MANIFEST_UNKNOWN', { detail: { tag }, status: 404 });
  }

  /**
   * Tags are set in the same request where the registry can, and one by one else. Where the registry does not know
   * referrers, a manifest with a subject is entered into the subject's fallback tag.
   *
   * @throws RegistryClientError also `UNSUPPORTED` when a tag is to name a digest by another algorithm than sha256, and
   * the registry cannot do that.
   */
  async put(
    manifest: Manifest,
    { digest: expected, tags = [], signal }: PushManifestOptions = {},
  ): Promise<Digest> {
    const digest = contentDigest(manifest, expected);
    const [first, ...others] = tags;
    if (first !== undefined && others.length === 0) {
      await this.tag(manifest, { tag: first, digest, signal });
      return digest;
    }
    const query = new URLSearchParams();
    for (const tag of tags) query.append('tag', tag);
    const set = await this.#put(manifest, { reference: digest, digest, query, signal });
    for (const tag of tags.filter((each) => !set.includes(each))) {
      await this.tag(manifest, { tag, digest, signal });
    }
    return digest;
  }

  /**
   * Pushes a manifest under a tag.
   *
   * @throws RegistryClientError `PRECONDITION_FAILED` when the condition does not hold; as `put`.
   */
  async tag(manifest: Manifest, { tag, digest, ...options }: TagManifestOptions): Promise<void> {
    if (digest.startsWith('sha256:')) {
      await this.#put(manifest, { reference: tag, digest, ...options });
      return;
    }
    const query = new URLSearchParams({ tag });
    const set = await this.#put(manifest, { reference: digest, digest, query, ...options });
    if (set.includes(tag)) return;
    throw new RegistryClientError('UNSUPPORTED', {
      message: `the registry cannot make a tag name ${digest}: use a sha256 digest`,
      detail: { tag, digest },
    });
  }

  async #put(manifest: Manifest, request: PutRequest): Promise<readonly string[]> {
    const { tags, isReferrer } = await this.#endpoint.put(manifest, request);
    const { digest, signal } = request;
    if (isReferrer) this.#connection.hasReferrers = true;
    else if (manifest.subject !== undefined) await this.#fallback.add(manifest, { digest, signal });
    return tags;
  }

  /** Where the registry does not know referrers, a manifest with a subject is taken out of the subject's fallback tag. */
  async delete(digest: Digest, { signal }: OperationOptions = {}): Promise<void> {
    const subject =
      this.#connection.hasReferrers === true ? undefined : await this.#subjectOf(digest, signal);
    await this.#endpoint.delete(digest, { signal });
    if (subject === undefined) return;
    const hasApi = await hasReferrersApi(this.#connection, { name: this.#name, subject, signal });
    if (!hasApi) await this.#fallback.remove(digest, { subject, signal });
  }

  /** A manifest that cannot be read can be deleted all the same. */
  async #subjectOf(digest: Digest, signal: AbortSignal | undefined): Promise<Digest | undefined> {
    try {
      return (await this.get(digest, { signal })).subject?.digest;
    } catch (error) {
      if (RegistryClientError.is(error, 'RESPONSE_INVALID', 'DIGEST_INVALID')) return undefined;
      throw error;
    }
  }
}

/** @throws RegistryClientError `DIGEST_INVALID`. */
function checkContent(manifest: Manifest, digest: Digest): void {
  const actual = digestOf(canonicalBytes(manifest), supportedAlgorithmOf(digest));
  if (actual !== digest) throw wrongDigest(digest, 'the manifest that was received');
}

function contentDigest(manifest: Manifest, expected: Digest | undefined): Digest {
  const algorithm = expected && supportedAlgorithmOf(expected);
  const actual = digestOf(canonicalBytes(manifest), algorithm);
  if (expected !== undefined && actual !== expected) throw wrongDigest(expected, 'the manifest');
  return actual;
}
