import { z } from 'zod';
import { flag, section, text } from './values.ts';

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const logLevel = (expected = 'error, warn, info or debug') =>
  text(expected)
    .toLowerCase()
    .pipe(z.enum(LOG_LEVELS, { error: expected }));

export const log = section({
  /** How much is told, in any case of letters. Default `info`. */
  level: logLevel().optional(),
  /** The form of the application log. Default `text`. */
  formatter: z
    .enum(['text', 'json', 'logstash'], { error: 'text, json or logstash' })
    .default('text'),
  /** Added to every line of the application log. */
  fields: z.record(z.string(), z.unknown(), { error: 'a map' }).default({}),
  accesslog: section({
    disabled: flag(false),
    /** Whether requests of probes (`/`, `/livez`, `/readyz`) are logged. Default `false`. */
    probes: flag(false),
  }).prefault({}),
});
