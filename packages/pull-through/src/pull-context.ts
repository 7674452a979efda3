import type { BlobFetches } from './blob-fetches.ts';
import type { Expiry } from './expiry.ts';
import type { Outages } from './outages.ts';
import type { PullThroughObserver } from './observer.ts';
import type { SingleFlight } from './single-flight.ts';

/** What all repositories share. */
export interface PullContext {
  readonly fetches: BlobFetches;
  readonly flights: SingleFlight;
  readonly expiry: Expiry;
  readonly outages: Outages;
  readonly observer: PullThroughObserver;
}

/** One request, as far as it matters here. */
export interface PullRequest {
  /**
   * Whether who looks at a blob goes on to open it. Then it is fetched when it is looked at, in one upstream request
   * instead of two. Default `false`.
   */
  readonly opensBlobs?: boolean | undefined;
  /** Told when an answer is what was pulled before, since an upstream cannot give a newer one. */
  readonly onStale?: ((upstream: string) => void) | undefined;
}
