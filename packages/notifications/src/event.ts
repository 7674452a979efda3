import type { Descriptor } from '@purser/core';

/**
 * What happened to a thing in a repository, as endpoints are told. Members are in the order in which they are sent.
 *
 * @see distribution, notifications/event.go.
 */
export interface RegistryEvent {
  /** A UUID, the same in every attempt to deliver the event: what a receiver tells duplicates by. */
  readonly id: string;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly action: EventAction;
  readonly target: EventTarget;
  readonly request: RequestRecord;
  readonly actor: ActorRecord;
  readonly source: SourceRecord;
}

export type EventAction = 'delete' | 'mount' | 'pull' | 'push';

export interface EventTarget {
  /** `''` when something was deleted. A blob's is always `application/octet-stream`. */
  readonly mediaType: string;
  /** `''` when a tag or a repository was deleted. */
  readonly digest: string;
  /** In bytes; 0 when something was deleted. */
  readonly size: number;
  /** The same as `size`, unless that is 0. */
  readonly length?: number;
  readonly repository: string;
  /** Where a blob was mounted from, if the client said so. */
  readonly fromRepository?: string;
  /** Where the content can be had, by digest. */
  readonly url?: string;
  readonly tag?: string;
  readonly references?: readonly Descriptor[];
  /** Number of references that are left out of a list that would be too long. */
  readonly omittedReferences?: number;
}

/** The request that made something happen. */
export interface RequestRecord {
  readonly id: string;
  readonly addr?: string;
  readonly host?: string;
  readonly method: string;
  readonly useragent: string;
}

/** Who made something happen. */
export interface ActorRecord {
  readonly name?: string;
}

/** The registry where it happened. */
export interface SourceRecord {
  /** Host name and port. */
  readonly addr?: string;
  /** A UUID, new with each start. */
  readonly instanceID?: string;
}

/** An event on its way, with what its envelope does not say: what kind of thing it is about. */
export interface Notification {
  readonly kind: 'blob' | 'manifest' | 'repository' | 'tag';
  readonly event: RegistryEvent;
}
