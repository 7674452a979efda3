import { duration, flag, section } from './values.ts';

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

export const maintenance = section({ uploadpurging: uploadpurging.prefault({}) });
