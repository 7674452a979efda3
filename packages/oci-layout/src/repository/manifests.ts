import {
  contentMismatch,
  digestOf,
  RegistryError,
  supportedAlgorithmOf,
  type BlobStatter,
  type Descriptor,
  type Digest,
  type Manifest,
  type ManifestReference,
  type ManifestService,
  type OperationOptions,
  type PutManifestOptions,
} from '@purser/core';
import { writableFiles, type LayoutFiles } from '../layout-files.ts';
import { nameOf, type IndexEntries, type LayoutIndex } from '../layout-index.ts';
import { blobPath } from '../layout-paths.ts';
import { plainEntry, type ManifestGraph } from '../manifest-graph.ts';

interface LayoutManifestsParts {
  readonly files: LayoutFiles;
  readonly index: LayoutIndex;
  readonly graph: ManifestGraph;
  readonly blobs: BlobStatter;
}

/**
 * The manifests of a layout. One that was put is listed in `index.json` without a name; once another leads to it, it is
 * found through that one, as the members of an image are in layouts that others write.
 */
export class LayoutManifests implements ManifestService {
  readonly #parts: LayoutManifestsParts;

  constructor(parts: LayoutManifestsParts) {
    this.#parts = parts;
  }

  async exists(digest: Digest, { signal }: OperationOptions = {}): Promise<boolean> {
    signal?.throwIfAborted();
    const { graph, blobs } = this.#parts;
    return (await graph.reachable()).has(digest) && (await blobs.stat(digest)) !== undefined;
  }

  async get(digest: Digest, { signal }: OperationOptions = {}): Promise<Manifest> {
    signal?.throwIfAborted();
    const { graph } = this.#parts;
    const descriptor = (await graph.reachable()).get(digest);
    const manifest = descriptor && (await graph.read(descriptor));
    if (manifest === undefined) throw unknownManifest(digest);
    return manifest;
  }

  async put(manifest: Manifest, { digest, signal }: PutManifestOptions = {}): Promise<Digest> {
    signal?.throwIfAborted();
    const { files, graph, index } = this.#parts;
    if (manifest.canonical !== undefined) throw unsupportedSeal();
    const { payload, mediaType, references } = manifest;
    const actual = digestOf(payload, digest && supportedAlgorithmOf(digest));
    if (digest !== undefined && digest !== actual) throw contentMismatch(digest);
    await this.#checkReferences(references);
    await writableFiles(files).write(blobPath(actual) ?? '', payload);
    graph.learn(actual, manifest);
    const entry = { mediaType, digest: actual, size: payload.byteLength };
    await index.update((entries) => this.#list(entry, { entries, references }));
    return actual;
  }

  async delete(digest: Digest, { signal }: OperationOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const { files, graph, index } = this.#parts;
    const writable = writableFiles(files);
    if (!(await this.exists(digest))) throw unknownManifest(digest);
    await index.update((before) => {
      const after = before.filter((entry) => entry.digest !== digest);
      return graph.keepAll(after, { before, except: digest });
    });
    await writable.remove(blobPath(digest) ?? '');
  }

  async #list(
    entry: Descriptor,
    listed: {
      readonly entries: IndexEntries;
      readonly references: readonly ManifestReference[];
    },
  ): Promise<IndexEntries> {
    const { entries, references } = listed;
    if ((await this.#parts.graph.reachableFrom(entries)).has(entry.digest)) return entries;
    const members = new Set(references.map(({ descriptor }) => descriptor.digest));
    const others = entries.filter((one) => nameOf(one) !== undefined || !members.has(one.digest));
    return [...others, plainEntry(entry)];
  }

  async #checkReferences(references: readonly ManifestReference[]): Promise<void> {
    const missing: RegistryError[] = [];
    for (const { kind, descriptor, foreign } of references) {
      const { digest } = descriptor;
      const found =
        foreign ||
        (kind === 'manifest'
          ? await this.exists(digest)
          : (await this.#parts.blobs.stat(digest)) !== undefined);
      if (!found) missing.push(new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: { digest } }));
    }
    const [first, ...related] = missing;
    if (first) throw new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: first.detail, related });
  }
}

export function unknownManifest(digest: Digest): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', {
    message: `the layout holds no manifest ${digest}`,
    detail: { digest },
  });
}

function unsupportedSeal(): RegistryError {
  return new RegistryError('UNSUPPORTED', {
    message: 'an OCI layout cannot hold a schema 1 manifest: its digest does not cover its seals',
  });
}
