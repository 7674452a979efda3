import type { Digest, RepositoryName } from '@purser/core';

/** A blob or a manifest of one repository, by the name under which it is kept here. */
export interface Content {
  readonly kind: 'blob' | 'manifest';
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** What a pull-through registry tells of its work. */
export type PullThroughEvent =
  /** Content came whole from an upstream, and was what its digest says. */
  | {
      readonly type: 'fetched';
      readonly content: Content;
      readonly upstream: string;
      readonly size: number;
    }
  /** A client is given content, out of the store, or of what comes from an upstream. */
  | {
      readonly type: 'served';
      readonly content: Content;
      readonly from: 'store' | 'upstream';
    }
  /** A fetch was broken off because no client followed it any more. */
  | {
      readonly type: 'abandoned';
      readonly content: Content;
      readonly upstream: string;
      /** Bytes that had come. */
      readonly received: number;
      readonly size: number;
    }
  /** An upstream could not answer. */
  | { readonly type: 'outage'; readonly upstream: string; readonly error: unknown }
  /** Content was removed, since its time was over or the place was needed. */
  | { readonly type: 'removed'; readonly content: Content; readonly reason: 'expired' | 'evicted' }
  /** Something failed that no client is told of: content could not be kept or removed, or the state not be saved. */
  | { readonly type: 'failed'; readonly problem: string; readonly error: unknown };

/** Must not throw. */
export type PullThroughObserver = (event: PullThroughEvent) => void;
