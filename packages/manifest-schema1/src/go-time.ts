const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,64}))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** What Go writes for a time that was not given. */
export const GO_ZERO_TIME = '0001-01-01T00:00:00Z';

/**
 * Writes an RFC 3339 time as Go does after reading it: to the nanosecond, without trailing zeros; the offset stays,
 * and none is `Z`. `undefined` when it is no such time.
 */
export function rewriteGoTime(text: string): string | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', digits = '', zone = ''] = match;
  if (!isMoment(`${date}T${time}`)) return undefined;
  const fraction = digits.slice(0, 9).replace(/0+$/, '');
  const offset = zone.endsWith('00:00') ? 'Z' : zone;
  return `${date}T${time}${fraction === '' ? '' : `.${fraction}`}${offset}`;
}

/** Whether the calendar and the clock have it: `Date` takes 30 February for 1 March. */
function isMoment(text: string): boolean {
  const date = new Date(`${text}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** A moment as Go writes it to the second in UTC. */
export function formatGoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
