import {
  describeManifest,
  DEFAULT_MAXIMUM_MANIFEST_SIZE,
  digestOf,
  OCTET_STREAM,
  RegistryError,
  supportedAlgorithmOf,
  contentMismatch,
  type Descriptor,
  type Digest,
  type Manifest,
  type ManifestDecoder,
} from '@purser/core';
import type { LayoutFiles } from './layout-files.ts';
import type { IndexEntries, LayoutIndex } from './layout-index.ts';
import { blobPath } from './layout-paths.ts';

/** What is remembered of a manifest: what it leads to, and how it is listed. */
interface Facts {
  readonly members: readonly Descriptor[];
  readonly subject: Digest | undefined;
  readonly descriptor: Descriptor;
}

export type Reachable = ReadonlyMap<Digest, Descriptor>;

/**
 * The manifests of a layout: those that `index.json` lists, and the members of what it lists. A blob that is not among
 * them is no manifest, whatever it says.
 */
export class ManifestGraph {
  readonly #files: LayoutFiles;
  readonly #index: LayoutIndex;
  readonly #decoder: ManifestDecoder;
  /** By digest, which says all: it never changes. */
  readonly #facts = new Map<Digest, Facts>();
  #last: { readonly entries: IndexEntries; readonly reachable: Reachable } | undefined;

  constructor(parts: {
    readonly files: LayoutFiles;
    readonly index: LayoutIndex;
    readonly decoder: ManifestDecoder;
  }) {
    this.#files = parts.files;
    this.#index = parts.index;
    this.#decoder = parts.decoder;
  }

  /** Every manifest by its digest, with the descriptor that leads to it. */
  async reachable(): Promise<Reachable> {
    const entries = await this.#index.entries();
    if (this.#last?.entries === entries) return this.#last.reachable;
    const reachable = await this.reachableFrom(entries);
    this.#last = { entries, reachable };
    return reachable;
  }

  async reachableFrom(entries: IndexEntries): Promise<Reachable> {
    const reachable = new Map<Digest, Descriptor>();
    const waiting = [...entries];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (reachable.has(next.digest)) continue;
      reachable.set(next.digest, next);
      for (const member of (await this.#look(next))?.members ?? []) waiting.push(member);
    }
    return reachable;
  }

  /** The manifests whose subject is a digest, as referrers are listed, by the byte order of their digests. */
  async referrersOf(subject: Digest): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    for (const descriptor of (await this.reachable()).values()) {
      const facts = await this.#look(descriptor);
      if (facts?.subject === subject) found.push(facts.descriptor);
    }
    return found.sort((left, right) => (left.digest < right.digest ? -1 : 1));
  }

  /**
   * Reads a manifest that a descriptor leads to, and checks that it is the one; `undefined` when it is not there.
   *
   * @throws RegistryError `DIGEST_INVALID` when the content is another; `SIZE_INVALID` when it is larger than a
   * manifest may be; `MANIFEST_INVALID` when it cannot be decoded, or is not of the descriptor's media type.
   */
  async read({ digest, mediaType }: Descriptor): Promise<Manifest | undefined> {
    const path = blobPath(digest);
    const payload = path && (await this.#files.read(path, DEFAULT_MAXIMUM_MANIFEST_SIZE));
    if (!payload) return undefined;
    if (digestOf(payload, supportedAlgorithmOf(digest)) !== digest) throw contentMismatch(digest);
    const manifest = this.#decoder.decodeStored(payload);
    // A member of a lenient index need not say its type.
    if (mediaType === manifest.mediaType || mediaType === OCTET_STREAM) return manifest;
    // One document that two clients read as two types is CVE-2021-41190.
    throw new RegistryError('MANIFEST_INVALID', {
      message: `manifest ${digest} is listed as ${mediaType}, but is ${manifest.mediaType}`,
      detail: { digest },
    });
  }

  /** Remembers a manifest that is about to be listed. */
  learn(digest: Digest, manifest: Manifest): void {
    this.#facts.set(digest, {
      members: manifest.references
        .filter(({ kind }) => kind === 'manifest')
        .map(({ descriptor }) => descriptor),
      subject: manifest.subject?.digest,
      descriptor: describeManifest(manifest, digest),
    });
  }

  /**
   * The entries after a change, and with them all manifests that only led from what is not listed any more: what was a
   * manifest stays one until it is deleted.
   */
  async keepAll(
    after: IndexEntries,
    { before, except }: { readonly before: IndexEntries; readonly except?: Digest },
  ): Promise<IndexEntries> {
    const kept = await this.reachableFrom(after);
    const lost = [...(await this.reachableFrom(before)).values()].filter(
      ({ digest }) => digest !== except && !kept.has(digest),
    );
    const inner = new Set<Digest>();
    for (const descriptor of lost) {
      for (const { digest } of (await this.#look(descriptor))?.members ?? []) inner.add(digest);
    }
    const roots = lost.filter(({ digest }) => !inner.has(digest));
    return [...after, ...roots.map(plainEntry)];
  }

  /** What cannot be read leads nowhere; whoever asks for it is told why. */
  async #look(descriptor: Descriptor): Promise<Facts | undefined> {
    const known = this.#facts.get(descriptor.digest);
    if (known !== undefined || !this.#decoder.mediaTypes.includes(descriptor.mediaType)) {
      return known;
    }
    try {
      const manifest = await this.read(descriptor);
      if (manifest !== undefined) this.learn(descriptor.digest, manifest);
    } catch (error) {
      if (!RegistryError.is(error)) throw error;
    }
    return this.#facts.get(descriptor.digest);
  }
}

/** An entry as skopeo writes it. */
export function plainEntry({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
