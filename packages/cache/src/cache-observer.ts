/** Whether a cache is asked, or left alone until it can be believed again. */
export type CacheState = 'in use' | 'set aside';

/** Told what a cache does. Each member is called in the midst of a request: it must be quick and must not throw. */
export interface CacheObserver {
  /** One question, answered or not. Questions that are not passed on to a cache set aside are misses. */
  onLookup?(outcome: 'hit' | 'miss', scope: 'global' | 'repository'): void;
  /** A failure that no caller sees: of each call that fails while the cache is in use, and of each probe after. */
  onError?(error: unknown): void;
  /** Once for each change. The cause is the failure that led to it; none when the cache is in use again. */
  onStateChange?(state: CacheState, cause?: unknown): void;
}
