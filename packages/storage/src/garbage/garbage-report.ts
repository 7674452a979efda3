import type { Digest, RepositoryName } from '@purser/core';
import type { Damaged } from './mark.ts';

/** What one collection did; with a dry run, what it would have done. */
export interface GarbageReport {
  readonly repositories: number;
  /** What is needed: manifests, once for each repository, and digests of any kind. */
  readonly needed: { readonly manifests: number; readonly digests: number };
  readonly deleted: Deleted;
  /** Condemned, and needed or touched before they were deleted. */
  readonly spared: number;
  /** Repositories that kept everything, since something in them cannot be read. */
  readonly damaged: readonly Damaged[];
  readonly durationMs: number;
}

export interface Deleted {
  /** Whose bytes are gone. */
  readonly blobs: number;
  readonly bytes: number;
  /** Links of repositories to manifests, which nothing needed. */
  readonly manifests: number;
  /** Links of repositories to blobs, and to signatures. */
  readonly links: number;
}

export type GarbagePhase = 'mark' | 'grace' | 'mark-again' | 'sweep';

export type GarbageEvent =
  | {
      readonly kind: 'phase';
      readonly phase: GarbagePhase;
      /** How many digests it is about, where that is known. */
      readonly total?: number | undefined;
      /** How long it takes, where that is known: the grace. */
      readonly durationMs?: number | undefined;
    }
  | { readonly kind: 'repository'; readonly name: RepositoryName }
  | { readonly kind: 'damaged'; readonly damaged: Damaged }
  | { readonly kind: 'garbage'; readonly garbage: GarbageFound }
  /** Something that was condemned is done with. `bytes` is `undefined` when it was spared. */
  | { readonly kind: 'done'; readonly digest: Digest; readonly bytes: number | undefined };

/** What is deleted of one digest, unless it is needed again before. */
export interface GarbageFound {
  readonly digest: Digest;
  /** Whether the bytes go, and not links alone. */
  readonly bytes: boolean;
  readonly links: readonly {
    readonly repository: RepositoryName;
    readonly kind: 'manifest' | 'blob' | 'signature';
    readonly name: Digest;
  }[];
}

/** Told while a collection goes on; must not throw. */
export type GarbageObserver = (event: GarbageEvent) => void;
