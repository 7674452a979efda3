/** Milliseconds in each unit of Go's `time.ParseDuration`. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Reads a duration as Go does: `1h30m`, `1.5s`, `300ms`, `0`, or an integer of nanoseconds.
 *
 * @returns Milliseconds, possibly with a fraction; `undefined` when the value is no duration.
 */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value * 1e-6 : undefined;
  if (/^[+-]?0$/.test(value)) return 0;
  if (value.length > 100 || !DURATION.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(PART)) total += Number(amount) * UNITS[unit!]!;
  return value.startsWith('-') ? -total : total;
}

/** Go syntax for a duration of whole milliseconds, the shortest: `1m30s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  let left = milliseconds;
  const parts = LONG_UNITS.map(([unit, length]) => {
    const count = Math.floor(left / length);
    left %= length;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('');
}

const LONG_UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;
