import type { Repository } from '@purser/core';
import type { PullThroughObserver } from './observer.ts';
import type { PullRequest } from './pull-context.ts';
import type { Source } from './source.ts';
import { isOutage, upstreamFailure } from './upstream-failure.ts';

export interface UpstreamListing<T> extends Source, Pick<PullRequest, 'onStale'> {
  readonly observer: PullThroughObserver;
  readonly ask: (repository: Repository) => AsyncIterable<T>;
}

/** Lists what upstream has, or when it cannot answer what is known here. A listing that broke off is not patched up. */
export async function* listFromUpstream<T>(listing: UpstreamListing<T>): AsyncIterable<T> {
  const { remote, store, upstream, ask, onStale, observer } = listing;
  let hasBegun = false;
  try {
    for await (const entry of ask(remote)) {
      hasBegun = true;
      yield entry;
    }
    return;
  } catch (error) {
    if (isOutage(error)) observer({ type: 'outage', upstream, error });
    if (hasBegun || !isOutage(error)) throw upstreamFailure(error, upstream);
  }
  onStale?.(upstream);
  yield* ask(store);
}
