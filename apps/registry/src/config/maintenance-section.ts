import { duration, flag, integer, section, text } from './values.ts';

const DAY_MS = 86_400_000;

/** Fewer would leave a server no time between two walks through its storage. */
const LEAST_INTERVAL_MS = 1_000;

const uploadpurging = section({
  enabled: flag(true),
  /** How long nobody has gone on with an upload that is removed. Default a week. */
  age: duration().default(7 * DAY_MS),
  /** How often uploads are looked through; at least a second. Default a day. */
  interval: duration()
    .refine((interval) => interval >= LEAST_INTERVAL_MS, { error: 'a duration of 1s or more' })
    .default(DAY_MS),
  /** Whether the log only tells what would be removed. */
  dryrun: flag(false),
});

/** A background check. Purser's own. */
export const scrub = section({
  enabled: flag(false),
  /** How often everything is checked; at least a second. Default a week. */
  interval: duration()
    .refine((interval) => interval >= LEAST_INTERVAL_MS, { error: 'a duration of 1s or more' })
    .default(7 * DAY_MS),
  /** The most bytes read in a second. Default 16 MiB; 0 reads none but manifests. */
  rate: integer()
    .min(0, { error: 'an integer, 0 or more' })
    .default(16 * 1024 * 1024),
  /** Whether what is broken is put into quarantine, so that the next push heals it. */
  repair: flag(false),
});

const readonly = section({
  enabled: flag(false),
  /** Told to clients that want to write. Default: that the registry is read-only. Purser's own. */
  message: text().optional(),
  /** When clients may try again: then it is 503, and otherwise 405. Purser's own. */
  retryafter: duration().optional(),
});

export const maintenance = section({
  uploadpurging: uploadpurging.prefault({}),
  /** Whether clients can change nothing. */
  readonly: readonly.prefault({}),
});
