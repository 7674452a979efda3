import { z } from 'zod';
import { parseDuration } from './duration.ts';

// Every message completes the sentence "expected …".
/** Text, by its source. */
export const text = (expected = 'text') => z.string({ error: expected });
export const flag = (fallback: boolean) => z.boolean({ error: 'true or false' }).default(fallback);
export const section = <const Shape extends z.core.$ZodShape>(shape: Shape) =>
  z.object(shape, { error: 'a map' });
export const integer = () => z.int({ error: 'an integer' });

/** The longest that a timer of Node.js can wait, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The durations among the schemas: what they give is milliseconds, and what is written for it is not. */
export const durations = z.registry<{ readonly unit: 'ms' }>();

/** Go syntax (`1m30s`) or an integer of nanoseconds; becomes milliseconds. With `any` it may be longer than a timer's. */
export const duration = ({ longest }: { readonly longest?: 'any' } = {}) =>
  z
    .union([z.string(), z.number()], { error: 'a duration such as 30s' })
    .transform((value, context) => {
      const milliseconds = parseDuration(value);
      const most = longest === 'any' ? Number.MAX_SAFE_INTEGER : LONGEST_TIMER_MS;
      if (milliseconds !== undefined && milliseconds >= 0 && milliseconds <= most) {
        return milliseconds;
      }
      context.addIssue(
        longest === 'any'
          ? 'a duration such as 168h'
          : 'a duration from 0 to 596h, such as 30s or 1m30s',
      );
      return z.NEVER;
    })
    .register(durations, { unit: 'ms' });

/** Lets a check of several keys run although another key is wrong, so that one start shows all problems. */
export function isSection({ value }: { readonly value: unknown }): boolean {
  return typeof value === 'object' && value !== null;
}
