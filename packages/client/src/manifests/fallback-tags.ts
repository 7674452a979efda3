import {
  describeManifest,
  digestOf,
  encodeDescriptor,
  encodeManifestJson,
  algorithmOf,
  encodedOf,
  members,
  RegistryError,
  type Descriptor,
  type Digest,
  type Manifest,
  type OperationOptions,
  type Tag,
  type TaggedManifest,
  type TaggedManifestProvider,
} from '@purser/core';
import { unchanged, type TagCondition } from './manifest-endpoint.ts';
import { INDEX, parseReferrers } from './referrers-index.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';

/** Others that write the same tag make an attempt useless; they do so only now and then. */
const ATTEMPTS = 8;

/** The manifests among which fallback tags are. */
export interface FallbackStore extends TaggedManifestProvider {
  tag(
    manifest: Manifest,
    options: OperationOptions & { tag: Tag; digest: Digest; condition: TagCondition },
  ): Promise<void>;
}

type Lock = (tag: Tag, signal?: AbortSignal) => Promise<() => void>;
type Change = (entries: readonly Descriptor[]) => readonly Descriptor[];

/** The tag under which clients keep the referrers of a digest, where the registry does not. */
export function fallbackTagOf(subject: Digest): Tag {
  const text = `${algorithmOf(subject).slice(0, 32)}-${encodedOf(subject).slice(0, 64)}`;
  return text.replaceAll(/[^A-Za-z0-9._-]/g, '-') as Tag;
}

/**
 * The referrers of a digest as its fallback tag lists them; none when there is no such tag.
 *
 * @throws RegistryClientError `RESPONSE_INVALID` when the tag names something else than an image index.
 */
export async function readFallback(
  store: TaggedManifestProvider,
  subject: Digest,
  options?: OperationOptions,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTagOf(subject);
  return entriesOf(await currentIndex(store, tag, options), tag);
}

/**
 * Keeps the referrers of digests under tags, for registries that do not know referrers. Each change is conditional,
 * where the registry heeds conditions, and is read back and done again where another client undid it.
 *
 * @see OCI distribution-spec, "Referrers Tag Schema".
 */
export class FallbackTags {
  readonly #store: FallbackStore;
  readonly #lock: Lock;

  constructor(store: FallbackStore, lock: Lock) {
    this.#store = store;
    this.#lock = lock;
  }

  /**
   * Enters a manifest that has a subject.
   *
   * @throws RegistryClientError `RESPONSE_INVALID` when the tag names something else than an image index;
   * `PRECONDITION_FAILED` when others kept changing it.
   */
  async add(
    manifest: Manifest,
    { digest, signal }: OperationOptions & { digest: Digest },
  ): Promise<void> {
    const entry = describeManifest(manifest, digest);
    await this.#change(manifest.subject!.digest, {
      signal,
      isDone: (entries) => entries.some((each) => each.digest === digest),
      change: (entries) => [...entries, entry],
    });
  }

  /** Takes a manifest out, with the errors of `add`. */
  async remove(
    digest: Digest,
    { subject, signal }: OperationOptions & { subject: Digest },
  ): Promise<void> {
    await this.#change(subject, {
      signal,
      isDone: (entries) => entries.every((each) => each.digest !== digest),
      change: (entries) => entries.filter((each) => each.digest !== digest),
    });
  }

  async #change(
    subject: Digest,
    {
      isDone,
      change,
      signal,
    }: OperationOptions & {
      isDone: (entries: readonly Descriptor[]) => boolean;
      change: Change;
    },
  ): Promise<void> {
    const tag = fallbackTagOf(subject);
    const release = await this.#lock(tag, signal);
    try {
      // The look after the last write is an attempt as well.
      for (let attempt = 0; attempt <= ATTEMPTS; attempt++) {
        const current = await currentIndex(this.#store, tag, { signal });
        const entries = entriesOf(current, tag);
        if (isDone(entries)) return;
        const index = indexOf(change(entries));
        await this.#write(index, { tag, condition: unchanged(current?.digest), signal });
      }
    } finally {
      release();
    }
    throw new RegistryClientError('PRECONDITION_FAILED', {
      message: `other clients keep changing the tag ${tag}: try again`,
      detail: { tag },
      retryable: true,
    });
  }

  async #write(
    index: Manifest,
    options: OperationOptions & { tag: Tag; condition: TagCondition },
  ): Promise<void> {
    try {
      await this.#store.tag(index, { digest: digestOf(index.payload), ...options });
    } catch (error) {
      if (!RegistryClientError.is(error, 'PRECONDITION_FAILED')) throw error;
    }
  }
}

async function currentIndex(
  store: TaggedManifestProvider,
  tag: Tag,
  options?: OperationOptions,
): Promise<TaggedManifest | undefined> {
  try {
    return await store.getByTag(tag, { ...options, mediaTypes: [INDEX] });
  } catch (error) {
    if (RegistryError.is(error, 'MANIFEST_UNKNOWN')) return undefined;
    throw error;
  }
}

function entriesOf(current: TaggedManifest | undefined, tag: Tag): readonly Descriptor[] {
  if (current === undefined) return [];
  const { mediaType, payload } = current.manifest;
  if (mediaType === INDEX) return parseReferrers(JSON.parse(Buffer.from(payload).toString()));
  throw new RegistryClientError('RESPONSE_INVALID', {
    message: `the tag ${tag} should list referrers, but names a ${mediaType}`,
    detail: { tag, mediaType },
  });
}

function indexOf(entries: readonly Descriptor[]): Manifest {
  const payload = encodeManifestJson(
    members({ schemaVersion: 2, mediaType: INDEX, manifests: entries.map(encodeDescriptor) }),
  );
  const references = entries.map((descriptor) => ({
    kind: 'manifest' as const,
    descriptor,
    foreign: false,
  }));
  return { mediaType: INDEX, payload, references };
}
