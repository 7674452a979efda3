import { median, quantile } from '@purser/registry-under-test';

/** How long visits of an ordinary client took, in milliseconds. */
export interface Latency {
  readonly visits: number;
  readonly median: number;
  readonly p99: number;
}

export function latencyOf(times: readonly number[]): Latency {
  return { visits: times.length, median: median(times), p99: quantile(times, 0.99) };
}

export function describeLatency({ visits, median: middle, p99 }: Latency): string {
  return `median ${middle.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${visits} visits)`;
}

/** How many times slower one was than the other, by the median and by the 99th percentile. */
export function ratioOf(now: Latency, before: Latency): { median: number; p99: number } {
  return { median: now.median / before.median, p99: now.p99 / before.p99 };
}
