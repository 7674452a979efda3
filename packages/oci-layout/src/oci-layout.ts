import {
  parseRepositoryName,
  type Digest,
  type ListReferrersOptions,
  type ManifestDecoder,
  type Repository,
  type RepositoryName,
  type Descriptor,
} from '@purser/core';
import { LayoutIndex } from './layout-index.ts';
import { hasLayout } from './layout-file.ts';
import type { LayoutFiles } from './layout-files.ts';
import { ManifestGraph } from './manifest-graph.ts';
import { LayoutBlobs } from './repository/blobs.ts';
import { LayoutManifests } from './repository/manifests.ts';
import { LayoutNames } from './repository/names.ts';
import { LayoutTags } from './repository/tags.ts';

export interface OciLayoutOptions {
  /** Reads the manifests: what it does not know is kept as it is, and cannot be got. */
  readonly decoder: ManifestDecoder;
  /** What the repository is called, in messages and events. Default `layout`. */
  readonly name?: RepositoryName | undefined;
}

/** An OCI image layout: a repository in a directory or an archive. Closing it ends what it holds open. */
export interface OciLayout extends Repository, AsyncDisposable {
  readonly names: LayoutNames;
}

/** Makes a repository of the files of a layout. */
export function createOciLayout(
  files: LayoutFiles,
  options: OciLayoutOptions & { readonly close: () => Promise<void> },
): OciLayout {
  const index = new LayoutIndex(files);
  const graph = new ManifestGraph({ files, index, decoder: options.decoder });
  const blobs = new LayoutBlobs(files, graph);
  const names = new LayoutNames(index, graph);
  return {
    name: options.name ?? parseRepositoryName('layout'),
    blobs,
    names,
    manifests: new LayoutManifests({ files, index, graph, blobs }),
    tags: new LayoutTags(names, () => hasLayout(files, 'the layout')),
    referrers: { list: (subject, listing) => listReferrers(graph, subject, listing) },
    [Symbol.asyncDispose]: options.close,
  };
}

async function* listReferrers(
  graph: ManifestGraph,
  subject: Digest,
  { artifactType, after = '', limit = Infinity, signal }: ListReferrersOptions = {},
): AsyncIterable<Descriptor> {
  signal?.throwIfAborted();
  const all = await graph.referrersOf(subject);
  yield* all
    .filter((referrer) => artifactType === undefined || referrer.artifactType === artifactType)
    .filter(({ digest }) => digest > after)
    .slice(0, limit);
}
