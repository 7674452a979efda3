/**
 * Milliseconds that an answer asks to wait for; `undefined` when it says nothing that can be read.
 *
 * @see RFC 9110, section 10.2.3.
 */
export function parseRetryAfter(
  value: string | undefined,
  now: () => number = Date.now,
): number | undefined {
  const text = value?.trim();
  if (text === undefined || text.length > 40) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // A date has a weekday, which keeps out the numbers that Date.parse takes for years.
  const time = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - now());
}
