import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  canonicalBytes,
  contentMismatch,
  digestOf,
  RegistryError,
  supportedAlgorithmOf,
  type Digest,
  type GetManifestOptions,
  type Manifest,
  type ManifestDecoder,
  type ManifestService,
  type OperationOptions,
  type PutManifestOptions,
  type TagService,
} from '@purser/core';
import type { GlobalBlobStore } from './blob-store.ts';
import type { Grants } from './garbage/grants.ts';
import type { LinkedContent } from './linked-content.ts';
import type { ManifestMemory } from './manifest-memory.ts';
import { requireDeletion, type Policy } from './policy.ts';
import type { SignatureStore } from './signatures.ts';
import { verifyReferences, type ReferenceSources } from './verify-references.ts';
import type { Walks } from './walks.ts';

export interface ManifestStoreOptions {
  readonly global: GlobalBlobStore;
  readonly grants: Grants;
  /** The repository's manifests. */
  readonly revisions: LinkedContent;
  readonly signatures: SignatureStore;
  readonly blobs: ReferenceSources['blobs'];
  readonly tags: TagService;
  readonly decoder: ManifestDecoder;
  readonly memory: ManifestMemory;
  readonly policy: Policy;
  readonly walks: Walks;
}

/** The manifests of one repository: blobs of the global store, seen through the repository's revision links. */
export class ManifestStore implements ManifestService {
  readonly #options: ManifestStoreOptions;

  constructor(options: ManifestStoreOptions) {
    this.#options = options;
  }

  async exists(digest: Digest, options?: OperationOptions): Promise<boolean> {
    return (await this.#options.revisions.stat(digest, options)) !== undefined;
  }

  async get(digest: Digest, options: GetManifestOptions = {}): Promise<Manifest> {
    try {
      const manifest = options.verified
        ? await this.#getVerified(digest, options)
        : await this.#getLinked(digest, options);
      if (manifest !== undefined) return manifest;
    } catch (error) {
      if (!RegistryError.is(error, 'BLOB_UNKNOWN', 'MANIFEST_INVALID')) throw error;
      // Missing bytes, or a format that is not enabled: to a client it is not there, and it is told why.
      throw unknownManifest(digest, error);
    }
    throw unknownManifest(digest);
  }

  async put(manifest: Manifest, { digest, signal }: PutManifestOptions = {}): Promise<Digest> {
    const name = checkedName(manifest, digest);
    const { grants, revisions, blobs, policy, walks } = this.#options;
    const sources = { blobs, manifests: revisions, policy: policy.references, walks };
    const since = grants.now();
    await verifyReferences(manifest, sources, { signal });
    const stored = canonicalDigest(manifest, name);
    // From here on an aborted signal would leave half of a push.
    await grants.granting(stored, () => this.#store(manifest, { stored, name }));
    // What was found first may have gone before the link could keep it.
    await grants.renew(since, () => verifyReferences(manifest, sources));
    this.#remember(stored, manifest);
    return name;
  }

  async delete(digest: Digest, options?: OperationOptions): Promise<void> {
    const { policy, tags, revisions, signatures } = this.#options;
    requireDeletion(policy);
    if (!(await this.exists(digest, options))) throw unknownManifest(digest);
    // Tags first: were this cut off, the manifest would still be there to be deleted again.
    for await (const tag of tags.lookup(digest, options)) await tags.untag(tag, options);
    await signatures.remove(digest, options);
    await revisions.unlink(digest, options);
  }

  async #store(
    manifest: Manifest,
    { stored, name }: { stored: Digest; name: Digest },
  ): Promise<void> {
    const { global, signatures, revisions } = this.#options;
    const descriptor = await global.put(canonicalBytes(manifest), stored);
    await signatures.add(descriptor.digest, manifest.detached ?? []);
    await revisions.link({ ...descriptor, mediaType: manifest.mediaType }, name);
    // Whoever deletes the manifest at this moment took them before the link: now they stay.
    await signatures.add(descriptor.digest, manifest.detached ?? []);
  }

  async #getVerified(digest: Digest, options: OperationOptions): Promise<Manifest | undefined> {
    const stored = await this.#options.revisions.stat(digest, options);
    return stored && this.#recall(stored.digest, options);
  }

  async #getLinked(digest: Digest, options: OperationOptions): Promise<Manifest | undefined> {
    const { revisions, memory } = this.#options;
    // With the manifest in memory no bytes are read that prove it is there: then the link is.
    const verified = memory.get(digest) !== undefined;
    const load = (target: Digest, size?: number) =>
      size === undefined ? this.#recall(target, options) : this.#load(target, options);
    return revisions.use(digest, load, { ...options, verified });
  }

  /** A digest that does not cover the whole payload does not say for ever what is served. */
  #remember(digest: Digest, manifest: Manifest): void {
    if (manifest.detached === undefined) this.#options.memory.set(digest, manifest);
  }

  /** From memory, where it is: only for who has read the link. */
  async #recall(digest: Digest, options?: OperationOptions): Promise<Manifest> {
    return this.#options.memory.get(digest) ?? this.#load(digest, options);
  }

  async #load(digest: Digest, options?: OperationOptions): Promise<Manifest> {
    const manifest = await this.#read(digest, options);
    this.#remember(digest, manifest);
    return manifest;
  }

  async #read(digest: Digest, options?: OperationOptions): Promise<Manifest> {
    const { global, signatures, decoder } = this.#options;
    const stored = await global.get(digest, options);
    if (digestOf(stored) !== digest)
      throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    const manifest = decoder.decodeStored(stored);
    if (manifest.detached === undefined) return manifest;
    return decoder.decodeStored(stored, await signatures.read(digest, options));
  }
}

/** The digest a manifest is stored by: the client's, if it matches. */
function checkedName(manifest: Manifest, wanted: Digest | undefined): Digest {
  const content = canonicalBytes(manifest);
  if (wanted === undefined) return digestOf(content);
  if (digestOf(content, supportedAlgorithmOf(wanted)) !== wanted) throw contentMismatch(wanted);
  return wanted;
}

/** The sha256 of a manifest, which its name may be. */
function canonicalDigest(manifest: Manifest, name: Digest): Digest {
  return algorithmOf(name) === CANONICAL_ALGORITHM ? name : digestOf(canonicalBytes(manifest));
}

function unknownManifest(digest: Digest, cause?: RegistryError): RegistryError {
  const reason = cause?.code === 'MANIFEST_INVALID' ? cause.message : undefined;
  return new RegistryError('MANIFEST_UNKNOWN', { message: reason, detail: { digest }, cause });
}
