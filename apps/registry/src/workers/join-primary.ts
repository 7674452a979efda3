import process from 'node:process';
import type { BlobDescriptorCache, Exclusion } from '@purser/core';
import { Peer } from './peer.ts';
import { shareCache } from './shared-cache.ts';
import { SharedExclusion } from './shared-exclusion.ts';
import type { WorkerPlace } from './worker-place.ts';

/** What a worker shares with the others, which it does through the primary. */
export interface Membership extends WorkerPlace {
  readonly exclusion: Exclusion;
  readonly primary: Peer;
  readonly primaryPid: number;
  shareCache(cache: BlobDescriptorCache): BlobDescriptorCache;
  /** Settles when the primary wants this process to stop, with the signal that it was given. */
  readonly stopped: Promise<string>;
}

/** Makes this process one of those that serve together. When the primary ends it ends, too, as Node's cluster has it. */
export function joinPrimary(place: WorkerPlace): Membership {
  const primary = new Peer({
    send: (message, callback) => process.send!(message, undefined, undefined, callback),
    on: (event, listener) => process.on(event, listener),
  });
  const stopped = Promise.withResolvers<string>();
  primary.handle('stop', (signal) => stopped.resolve(signal as string));
  primary.tell('hello');
  return {
    ...place,
    primary,
    primaryPid: process.ppid,
    exclusion: new SharedExclusion(primary),
    shareCache: (cache) => shareCache(cache, primary),
    stopped: stopped.promise,
  };
}
