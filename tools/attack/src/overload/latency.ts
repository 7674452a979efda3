import { median, quantile } from '@purser/registry-under-test';

/** Durations of the visits of an ordinary client, in milliseconds. */
export interface Latency {
  readonly visits: number;
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

export function latencyOf(times: readonly number[]): Latency {
  // A client whose every visit is refused has no time at all.
  if (times.length === 0) return { visits: 0, median: Infinity, p99: Infinity, longest: Infinity };
  const [middle, p99, longest] = [median(times), quantile(times, 0.99), quantile(times, 1)];
  return { visits: times.length, median: middle, p99, longest };
}

export function describeLatency({ visits, median: middle, p99, longest }: Latency): string {
  const [first, second, third] = [middle, p99, longest].map((time) => `${time.toFixed(1)} ms`);
  return `median ${first}, p99 ${second}, longest ${third} (${visits} visits)`;
}
