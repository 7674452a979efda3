import type { Repository, RepositoryRemover } from '@purser/core';
import type { Occurrence, RepositoryListener } from './listener.ts';
import { ObservedBlobs } from './observed-blobs.ts';
import { ObservedManifests, ObservedTags } from './observed-manifests.ts';
import { RequestMemory } from './request-memory.ts';

export interface ObserveOptions {
  /** Of the request. Looking at a blob in a GET or HEAD is a pull, unless a manifest was; in another it is a check before a push. */
  readonly method: string;
}

/**
 * Wraps a repository for one request, so that a listener hears of what succeeds.
 *
 * - A blob is pulled once in a request, however many calls that takes: when it is found, located or opened.
 * - A manifest is pulled by the tag that was looked up before it, and pushed by the tag that it is given after it.
 *   A push without a digest is told when its tag is set; when that fails, or none follows, it is told without a tag.
 *   A push by digest is told at once, and again with each tag that it is given.
 * - A manifest takes its tags with it; they are told after it, one by one.
 * - A repository takes everything with it, of which nothing is told.
 *
 * @see distribution, notifications/listener.go.
 */
export function observeRepository(
  repository: Repository,
  listener: RepositoryListener,
  { method }: ObserveOptions,
): Repository {
  const { name, blobs, manifests, tags, referrers, remover } = repository;
  const tell = (occurrence: Occurrence) => listener(name, occurrence);
  const memory = new RequestMemory(tell);
  const isPull = method === 'GET' || method === 'HEAD';
  // What a manifest is made of is looked at in its request, too, and nobody gets it.
  const statIsPull = () => isPull && !memory.isOfManifest;
  return {
    name,
    blobs: new ObservedBlobs(blobs, tell, { statIsPull }),
    manifests: new ObservedManifests(manifests, tags, { tell, memory }),
    tags: new ObservedTags(tags, { tell, memory }),
    referrers,
    remover: remover && observeRemover(remover, tell),
  };
}

function observeRemover(
  remover: RepositoryRemover,
  tell: (occurrence: Occurrence) => Promise<void>,
): RepositoryRemover {
  return {
    async remove(options) {
      await remover.remove(options);
      await tell({ kind: 'repository', action: 'delete' });
    },
  };
}
