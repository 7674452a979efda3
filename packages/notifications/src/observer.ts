import type { EventAction } from './event.ts';
import type { DeliveryError } from './errors.ts';

/** What a notifier tells of its own work, to be logged and counted. Nothing in it is secret. */
export type NotifierReport =
  /** An event was accepted for an endpoint, and waits. */
  | { readonly kind: 'queued'; readonly endpoint: string; readonly action: EventAction }
  | { readonly kind: 'delivered'; readonly endpoint: string; readonly status: number }
  /** An attempt failed; unless a `dead-letter` follows there will be another. */
  | { readonly kind: 'failed'; readonly endpoint: string; readonly error: DeliveryError }
  /** An endpoint was given up for one event. `isKept` in the outbox, to be redelivered; without one it is lost. */
  | {
      readonly kind: 'dead-letter';
      readonly endpoint: string;
      readonly eventId: string;
      readonly isKept: boolean;
    }
  /** Events that an endpoint will never get. */
  | {
      readonly kind: 'dropped';
      readonly endpoint: string;
      readonly events: number;
      readonly reason: DropReason;
    }
  /** A bound of the outbox, or of what waits in memory for its disk, was reached: the oldest went, delivered or not. */
  | { readonly kind: 'outbox-full'; readonly events: number; readonly bytes: number }
  /** The disk failed. Accepted events are kept in memory within its bound, and written when it works again. */
  | { readonly kind: 'outbox-failed'; readonly operation: string; readonly error: unknown }
  | { readonly kind: 'outbox-recovered' }
  /** The end of the outbox was half written, as a crash leaves it; it was cut off. */
  | { readonly kind: 'outbox-cut'; readonly bytes: number }
  /** Dead letters were put back into the outbox. */
  | { readonly kind: 'redelivering'; readonly endpoint: string; readonly events: number };

/**
 * - `overflow`: a bound was reached, and they were the oldest.
 * - `damage`: they could not be read from the outbox.
 * - `dead-letters-full`: they were the oldest dead letters.
 * - `closed`: the notifier was closed, and there is no outbox.
 */
export type DropReason = 'closed' | 'damage' | 'dead-letters-full' | 'overflow';

/** Must not throw. */
export type NotifierObserver = (report: NotifierReport) => void;
