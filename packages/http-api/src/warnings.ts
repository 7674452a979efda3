import type { Context } from 'koa';

/** Bytes of all warnings of one answer together. */
const MAXIMUM_SIZE = 4096;

/**
 * Adds a `Warning` to an answer, for a person to read. One that does not fit beside those already there is left out.
 *
 * @param text ASCII; what a quoted string cannot hold is left out.
 * @see OCI distribution-spec, "Warnings".
 */
export function warn({ res }: Context, text: string): void {
  const quoted = text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&');
  const present = [res.getHeader('Warning') ?? []].flat().map(String);
  const warnings = [...present, `299 - "${quoted}"`];
  const size = warnings.reduce((total, warning) => total + warning.length, 0);
  if (size <= MAXIMUM_SIZE) res.setHeader('Warning', warnings);
}
