import { duration, flag, section } from './values.ts';

const LEAST_INTERVAL_MS = 1_000;

/** No push relies on content for less. */
const LEAST_GRACE_MS = 2_000;

/** Purser's own: distribution collects garbage by command alone. */
export const garbage = section({
  /** How often garbage is collected; at least a second. Default 0: never. */
  interval: duration()
    .refine((interval) => interval === 0 || interval >= LEAST_INTERVAL_MS, {
      error: 'a duration of 1s or more, or 0 for never',
    })
    .default(0),
  /** How long a client can rely on what it was told is here: longer than a push takes. At least 2s, default an hour. */
  grace: duration()
    .refine((grace) => grace >= LEAST_GRACE_MS, { error: 'a duration of 2s or more' })
    .default(3_600_000),
  /** Whether manifests go that no tag names, no index holds, and whose subject is not there. */
  deleteuntagged: flag(false),
});
