import type {
  BlobDescriptorCache,
  Exclusion,
  ManifestDecoder,
  Repository,
  RepositoryName,
} from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import type { GlobalBlobStore } from './blob-store.ts';
import type { LeftoverReporter } from './blob-writer.ts';
import { listNames } from './catalog.ts';
import type { DamageReporter } from './damage.ts';
import type { Grants } from './garbage/grants.ts';
import { LinkedBlobStore } from './linked-blob-store.ts';
import { LinkedContent } from './linked-content.ts';
import type { Links } from './links.ts';
import type { ManifestMemory } from './manifest-memory.ts';
import { ManifestStore } from './manifest-store.ts';
import { layerLinkPath, revisionLinkPath } from './paths.ts';
import type { Policy } from './policy.ts';
import { indexReferrers, ReferrerIndex } from './referrers.ts';
import { StoredRepositoryRemover } from './repository-remover.ts';
import { SignatureStore } from './signatures.ts';
import { TagStore } from './tag-store.ts';
import { Uploads, type UploadSessions } from './uploads.ts';
import type { Walks } from './walks.ts';

/** What all repositories of a registry share. */
export interface RepositoryParts {
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
  readonly cache: BlobDescriptorCache | undefined;
  readonly policy: Policy;
  /** How many tags are read at a time in a search. */
  readonly reads: number;
  /** Whether repositories have a remover. */
  readonly isRemovable: boolean;
  readonly report: DamageReporter;
  readonly onLeftover: LeftoverReporter;
  readonly links: Links;
  /** Tells collectors of garbage what somebody relies on. */
  readonly grants: Grants;
  readonly global: GlobalBlobStore;
  readonly memory: ManifestMemory;
  readonly sessions: UploadSessions;
  /** Holds tags that are being moved under a condition. */
  readonly moving: Exclusion;
  readonly walks: Walks;
  /** Repositories whose referrers are being looked for. */
  readonly rebuilds: Map<RepositoryName, Promise<number>>;
}

/** Puts one repository together. */
export function createRepository(name: RepositoryName, parts: RepositoryParts): Repository {
  const { driver, global, grants, policy } = parts;
  const contentOf = (repository: RepositoryName) =>
    new LinkedContent(
      {
        linkPath: (digest) => layerLinkPath(repository, digest),
        cache: parts.cache?.forRepository(repository, 'blobs'),
      },
      parts,
    );
  const revisions = new LinkedContent(
    {
      linkPath: (digest) => revisionLinkPath(name, digest),
      cache: parts.cache?.forRepository(name, 'manifests'),
    },
    parts,
  );
  const content = contentOf(name);
  const uploads = new Uploads({
    ...parts,
    name,
    async adopt(path, { descriptor, name: digest, signal }) {
      // To read what is there may take longer than a claim holds: the second time it is not read.
      let isVerified = false;
      await grants.granting(descriptor.digest, async () => {
        await global.adopt(path, descriptor, { isVerified, signal });
        isVerified = true;
        await content.link(descriptor, digest);
      });
    },
  });
  const blobs = new LinkedBlobStore({
    global,
    grants,
    content,
    contentOf,
    names: (options) => listNames(driver, options),
    uploads,
    policy,
  });
  const tags = new TagStore({ ...parts, name, revisions });
  const signatures = new SignatureStore({ ...parts, name });
  const stored = new ManifestStore({ ...parts, revisions, signatures, blobs, tags });
  const referrers = new ReferrerIndex({ ...parts, name, manifests: stored });
  const remover = parts.isRemovable
    ? new StoredRepositoryRemover({ ...parts, name, manifests: stored, revisions, content })
    : undefined;
  return { name, blobs, manifests: indexReferrers(stored, referrers), tags, referrers, remover };
}
