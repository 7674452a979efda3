import type { Digest, RepositoryName } from '@purser/core';

/** What can be wrong with storage. */
export type Problem =
  | 'link is empty'
  | 'link is no digest'
  | 'link names other content'
  | 'link is a directory'
  | 'linked content is missing'
  | 'content is a directory'
  | 'content does not match its digest'
  /** Reading it fails, while other things can be read. A repair leaves it where it is: the disk may be mended. */
  | 'content cannot be read'
  | 'content has another size than its manifest says'
  | 'manifest refers to what is missing'
  | 'tag names no manifest'
  /** Hurts nobody. */
  | 'not part of a registry';

/** An image that cannot be pulled whole, or not by this tag. */
export interface AffectedImage {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** The tags that name it, or an index of it. */
  readonly tags: readonly string[];
}

export interface Finding {
  /** The path in the driver's namespace. */
  readonly path: string;
  readonly problem: Problem;
  /** What is missing, or what the content should be. */
  readonly digests: readonly Digest[];
  readonly images: readonly AffectedImage[];
  /** What a repair did. */
  readonly repair?: Repair | undefined;
}

export interface Repair {
  /** Where the broken thing is now. */
  readonly quarantine: string;
  /** Whether a sound one is in its place. Otherwise the next push of the same content brings it. */
  readonly isRestored: boolean;
}

export function isDamage({ problem }: Pick<Finding, 'problem'>): boolean {
  return problem !== 'not part of a registry';
}
