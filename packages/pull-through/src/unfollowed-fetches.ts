import type { BlobFetch } from './blob-fetch.ts';
import type { Clock } from './clock.ts';

/** How long a fetch goes on after its last follower has left, so that a client can connect again. */
const GRACE_MS = 10_000;

/** How long a new fetch waits for its first follower: a client opens a blob right after it has learnt its size. */
const FIRST_GRACE_MS = 2000;

/** Maximum number of fetches that go on without followers, so that most connections to an upstream are free for clients. */
const MAXIMUM_UNFOLLOWED = 4;

/**
 * Ends fetches that nobody follows any more: they would hold the connections to an upstream that clients wait for. A
 * fetch of which most has come goes on to its end, as one of at most four.
 */
export class UnfollowedFetches {
  readonly #clock: Clock;
  readonly #unfollowed = new Set<BlobFetch>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches a fetch that has begun, until its end. */
  watch(fetch: BlobFetch): void {
    fetch.onUnfollowed = () => this.#leave(fetch);
    void this.#abandonAfter(FIRST_GRACE_MS, fetch);
  }

  #leave(fetch: BlobFetch): void {
    this.#unfollowed.add(fetch);
    for (const each of this.#unfollowed) {
      if (each.isFollowed || each.ended.aborted) this.#unfollowed.delete(each);
    }
    if (this.#unfollowed.size > MAXIMUM_UNFOLLOWED) this.#abandon(leastReceived(this.#unfollowed));
    void this.#abandonAfter(GRACE_MS, fetch);
  }

  async #abandonAfter(milliseconds: number, fetch: BlobFetch): Promise<void> {
    const { departures } = fetch;
    try {
      await this.#clock.wait(milliseconds, fetch.ended);
    } catch {
      this.#unfollowed.delete(fetch);
      return;
    }
    const isSame = fetch.departures === departures && !fetch.isFollowed;
    if (isSame && !fetch.isMostlyReceived) this.#abandon(fetch);
  }

  #abandon(fetch: BlobFetch): void {
    this.#unfollowed.delete(fetch);
    fetch.abandon();
  }
}

function leastReceived(fetches: Iterable<BlobFetch>): BlobFetch {
  return [...fetches].reduce((least, each) =>
    each.receivedShare < least.receivedShare ? each : least,
  );
}
