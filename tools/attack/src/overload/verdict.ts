import type { AssaultReport, Phase } from './assault.ts';
import type { Holding } from './process-tree.ts';

/** What an attack may cost. */
export interface Bounds {
  /** Times its normal latency that an ordinary client may wait, by the median and the 99th percentile. */
  readonly slower: number;
  /** RAM of one process during the attack, in bytes. */
  readonly memory: number;
  /** The same beyond what it had before. */
  readonly memoryAbove: number;
  /** Processor time of the server in each second, beyond what it takes without the attack. */
  readonly processorAbove: number;
  /** Seconds until everything is back to normal. */
  readonly recoverySeconds: number;
  /** Sockets that the server may keep for longer, beyond those that it had before. */
  readonly sockets: number;
}

const MEBIBYTE = 1024 * 1024;

/** Below it nobody notices, and a busy machine alone makes single visits as slow. */
const NOTICED_MS = 50;
/** Of fewer visits the 99th percentile is a single one or two. */
const LEAST_VISITS_FOR_P99 = 200;
/** Times `slower`: a single visit, or many requests at once, must be done by then. */
const LONGEST_MS = 1_000;
/** What the repeats may take and not give back: heaps are not exact to the byte. */
const MOST_LEAKED_BYTES = 64 * MEBIBYTE;
/** Of fewer repeats none is both late and early. */
const LEAST_REPEATS = 4;

/** The bounds that an attack exceeded, each as one line. */
export function failuresOf(report: AssaultReport, bounds: Bounds): readonly string[] {
  return [
    ...ofVisits('during the attack', report.during, { report, bounds }),
    ...ofVisits('after the attack', report.after, { report, bounds }),
    ...ofBurst(report, bounds),
    ...ofResources(report, bounds),
    ...ofRecovery(report, bounds),
    ...ofLeaks(report),
  ];
}

interface Case {
  readonly report: AssaultReport;
  readonly bounds: Bounds;
}

function* ofVisits(when: string, { latency, refusals }: Phase, { report, bounds }: Case) {
  const [first] = refusals;
  if (first !== undefined) {
    yield `${refusals.length} visits of the ordinary client failed ${when}; bound: 0; the first: ${first}`;
  }
  const longest = LONGEST_MS * bounds.slower;
  if (latency.longest > longest) {
    yield `a visit ${when} took ${latency.longest.toFixed(0)} ms; bound: ${longest} ms`;
  }
  const normal = report.before.latency;
  const counts = Math.min(normal.visits, latency.visits) >= LEAST_VISITS_FOR_P99;
  for (const which of counts ? (['median', 'p99'] as const) : (['median'] as const)) {
    const ratio = latency[which] / normal[which];
    if (ratio <= bounds.slower || latency[which] < NOTICED_MS) continue;
    yield `${which} ${when} is ${ratio.toFixed(1)} times that before; bound: ${bounds.slower}`;
  }
}

function* ofBurst({ burst: { ms, refusal } }: AssaultReport, { slower }: Bounds) {
  const longest = LONGEST_MS * slower;
  if (refusal !== undefined)
    yield `many requests at once of the ordinary client failed: ${refusal}`;
  else if (ms > longest) {
    yield `many requests at once of the ordinary client took ${ms.toFixed(0)} ms; bound: ${longest} ms`;
  }
}

function* ofResources({ before, during, held }: AssaultReport, bounds: Bounds) {
  const above = held.peak - held.before.largest;
  if (held.peak > bounds.memory) {
    yield `a process had ${mebibytes(held.peak)}; bound: ${mebibytes(bounds.memory)}`;
  }
  if (above > bounds.memoryAbove) {
    yield `a process had ${mebibytes(above)} more than before; bound: ${mebibytes(bounds.memoryAbove)}`;
  }
  const processor = during.processor - before.processor;
  if (processor > bounds.processorAbove) {
    yield `the server took ${processor.toFixed(2)} s of processor time a second more than before; bound: ${bounds.processorAbove} s`;
  }
}

const SPARE_FILES = 4;

function* ofRecovery({ recoveredAfter, held }: AssaultReport, bounds: Bounds) {
  const { recoverySeconds } = bounds;
  if (recoveredAfter === undefined || recoveredAfter > recoverySeconds) {
    const after = recoveredAfter === undefined ? 'not' : `after ${recoveredAfter.toFixed(1)} s`;
    yield `back to normal ${after}; bound: ${recoverySeconds} s`;
  }
  for (const [when, left] of [
    ['after the attack', held.after],
    ['after the last', held.again.at(-1) ?? held.after],
  ] as const) {
    const sockets = left.sockets - held.before.sockets;
    const files = left.files - held.before.files;
    if (sockets > bounds.sockets)
      yield `${sockets} sockets leaked ${when}; bound: ${bounds.sockets}`;
    // A fetch from an upstream has a socket and two files; a few more belong to requests that are just ending.
    const mostFiles = 2 * bounds.sockets + SPARE_FILES;
    if (files > mostFiles) yield `${files} files leaked ${when}; bound: ${mostFiles}`;
  }
}

function* ofLeaks({ held: { again } }: AssaultReport) {
  if (again.length < LEAST_REPEATS) return;
  const leaked = leastOf(again.slice(-2)) - leastOf(again.slice(0, 2));
  if (leaked <= MOST_LEAKED_BYTES) return;
  yield `${again.length - 2} repeats took ${mebibytes(leaked)} that did not come back; bound: ${mebibytes(MOST_LEAKED_BYTES)}`;
}

/** A collection of garbage can be due at any moment: the least of several is what is held. */
function leastOf(holdings: readonly Holding[]): number {
  return Math.min(...holdings.map(({ bytes }) => bytes));
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(0)} MiB`;
}
