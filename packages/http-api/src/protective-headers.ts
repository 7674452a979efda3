/**
 * Headers that keep a browser from running stored content as a script or a page of the registry's origin: the media type is not
 * guessed, and a page loads nothing and has no origin.
 *
 * @see Fetch standard, "X-Content-Type-Options"; Content Security Policy Level 3, "sandbox".
 */
export const PROTECTIVE_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
};
