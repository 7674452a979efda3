import type { Digest, Tag } from '@purser/core';
import type { CopyItem, CopyPlan } from './copy-plan.ts';

/** What a copy tells while it goes on. Several items are under way at a time. */
export type CopyEvent =
  | { readonly kind: 'planned'; readonly plan: CopyPlan }
  | { readonly kind: 'started'; readonly item: CopyItem }
  /** `bytes` more have been handed to the target. */
  | { readonly kind: 'progress'; readonly item: CopyItem; readonly bytes: number }
  | { readonly kind: 'finished'; readonly item: CopyItem; readonly outcome: CopyOutcome }
  | { readonly kind: 'tagged'; readonly tag: Tag; readonly digest: Digest };

/** `mounted`: the target took it from the source, which is in the same registry. */
export type CopyOutcome = 'copied' | 'mounted';

/** Told as things happen. It must not throw. */
export type CopyObserver = (event: CopyEvent) => void;
