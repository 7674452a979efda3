import { readFileSync } from 'node:fs';
import { median } from '@purser/registry-under-test';

/** One measurement. */
export interface Sample {
  /** Operations in a second. */
  readonly rate: number;
  /** The median of one operation, in milliseconds. */
  readonly latencyMs: number;
  /** Processor time of the server for one operation, in milliseconds, over all its threads. */
  readonly cpuMs: number;
}

export interface Repetition {
  /** Operations at a time. */
  readonly concurrency: number;
  /** Whether to begin another operation after this many. */
  readonly mayGoOn: (begun: number) => boolean;
}

export interface Timing {
  readonly operations: number;
  readonly seconds: number;
  readonly latencyMs: number;
}

/**
 * Does the same again and again, each lane one after another.
 *
 * @param operate Gets the number of the operation, and of the lane.
 */
export async function repeat(
  { concurrency, mayGoOn }: Repetition,
  operate: (operation: number, lane: number) => Promise<void>,
): Promise<Timing> {
  const latencies: number[] = [];
  let begun = 0;
  const start = performance.now();
  const run = async (lane: number) => {
    while (mayGoOn(begun)) {
      const operation = begun++;
      const before = performance.now();
      await operate(operation, lane);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, lane) => run(lane)));
  const seconds = (performance.now() - start) / 1000;
  return { operations: latencies.length, seconds, latencyMs: median(latencies) };
}

/** Measures with the processor time that a process needs for it. */
export async function measureProcess(pid: number, work: () => Promise<Timing>): Promise<Sample> {
  const before = processorMs(pid);
  const { operations, seconds, latencyMs } = await work();
  const cpuMs = (processorMs(pid) - before) / operations;
  return { rate: operations / seconds, latencyMs, cpuMs };
}

/** The kernel counts in hundredths of a second, whatever the machine: proc(5), `USER_HZ`. */
const TICK_MS = 10;

/** Of a process and those that it started, which may be who serves. */
function processorMs(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const all = [pid, ...children.split(' ').filter(Boolean).map(Number)];
  return all.reduce((sum, process) => sum + ownProcessorMs(process), 0);
}

function ownProcessorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // utime and stime are the fields 14 and 15; the first two are cut off.
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
