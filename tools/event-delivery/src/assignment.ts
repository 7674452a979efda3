import type { EndpointOptions } from '@purser/notifications';

/** What a worker is started with. */
export interface Assignment {
  readonly directory: string;
  readonly endpoints: readonly EndpointOptions[];
  /** The number of the first event to make happen. */
  readonly first: number;
  /** How many to make happen. */
  readonly count: number;
  readonly perSecond: number;
}

/** What a worker tells, a JSON line each. */
export type WorkerReport =
  | { readonly kind: 'accepted'; readonly number: number }
  | { readonly kind: 'dropped'; readonly events: number }
  | { readonly kind: 'trouble'; readonly text: string }
  | { readonly kind: 'pending'; readonly events: number };
