import { z } from 'zod';
import { duration, flag, isSection, section, text } from './values.ts';

const origin = text('an origin such as https://ui.example.org').refine(isOrigin, {
  error: 'an origin such as https://ui.example.org, or *',
});

function isOrigin(value: string): boolean {
  return value === '*' || URL.parse(value)?.origin === value;
}

/** Web pages of other hosts that may use the registry. Purser's own. */
export const cors = section({
  /** Of pages: `https://ui.example.org`, or `*` for all. Default: none. */
  origins: z.array(origin, { error: 'a list of origins' }).default([]),
  /** Whether browsers may send the login that they remember. */
  allowcredentials: flag(false),
  /** How long browsers remember what is allowed. */
  maxage: duration().default(600_000),
}).refine(({ origins, allowcredentials }) => !allowcredentials || !origins.includes('*'), {
  path: ['allowcredentials'],
  error: 'false while every origin is allowed: a page of anybody could use the login',
  when: isSection,
});
