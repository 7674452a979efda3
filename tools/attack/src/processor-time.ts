import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const NANOSECONDS_PER_MS = 1e6;
const PAUSE_MS = 25;
/** A process at rest uses less than this much processor time between two looks. */
const REST_MS = 1;
const LOOKS_AT_REST = 3;

/** The processor time of all threads of a process so far, in milliseconds. Linux only: it reads `/proc`. */
export function processorTimeOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => timeOfThread(pid, thread));
  return threads.reduce((sum, time) => sum + time, 0);
}

/**
 * Waits until a process rests, so that work after an answer counts as well.
 *
 * @returns Its processor time by then, in milliseconds.
 */
export async function atRest(pid: number, limitMs = 30_000): Promise<number> {
  const end = performance.now() + limitMs;
  let before = processorTimeOf(pid);
  for (let looks = 0; looks < LOOKS_AT_REST && performance.now() < end; looks++) {
    await wait(PAUSE_MS);
    const now = processorTimeOf(pid);
    if (now - before > REST_MS) looks = -1;
    before = now;
  }
  return before;
}

/** Exact to the nanosecond, where `stat` counts ticks of 10 ms. */
function timeOfThread(pid: number, thread: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return Number(text.split(' ')[0]) / NANOSECONDS_PER_MS;
  } catch {
    // The thread has ended.
    return 0;
  }
}
