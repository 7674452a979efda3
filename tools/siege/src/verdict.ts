import type { AssaultReport } from './assault.ts';
import { ratioOf } from './measure.ts';
import type { Holding } from './process-tree.ts';

const MEBIBYTE = 1024 * 1024;

/** Below it nobody notices, and a busy machine alone makes single visits as slow. */
const NOTICED_MS = 50;
/** Of fewer the 99th percentile is a single visit or two. */
const LEAST_VISITS_FOR_P99 = 200;
/** What three more of the same attacks may take and not give back: heaps are not to the byte. */
const MOST_LEAKED_BYTES = 64 * MEBIBYTE;

/**
 * What a registry failed to do while it was attacked and afterwards; nothing when it stood.
 *
 * @param mostSlower Times its normal latency that an ordinary client may wait.
 */
export function failuresOf(
  { before, during, after, held }: AssaultReport,
  mostSlower: number,
): readonly string[] {
  const failures: string[] = [];
  for (const [when, latency] of [
    ['during the attack', during],
    ['after it', after],
  ] as const) {
    const ratio = ratioOf(latency, before);
    const counts = Math.min(before.visits, latency.visits) >= LEAST_VISITS_FOR_P99;
    for (const which of counts ? (['median', 'p99'] as const) : (['median'] as const)) {
      if (ratio[which] <= mostSlower || latency[which] < NOTICED_MS) continue;
      failures.push(`${which} ${when} is ${ratio[which].toFixed(1)} times that before`);
    }
  }
  const { sockets, files } = held.before;
  for (const [when, left] of [
    ['after the attack', held.after],
    ['after the last', held.again.at(-1)!],
  ] as const) {
    if (left.sockets > sockets) failures.push(`${left.sockets - sockets} sockets leaked ${when}`);
    if (left.files > files) failures.push(`${left.files - files} open files leaked ${when}`);
  }
  const leaked = leastOf(held.again.slice(-2)) - leastOf(held.again.slice(0, 2));
  if (leaked > MOST_LEAKED_BYTES) {
    failures.push(
      `three more attacks took ${(leaked / MEBIBYTE).toFixed(0)} MiB that did not come back`,
    );
  }
  return failures;
}

/** A collection of garbage may just be due: the least of several is what is held. */
function leastOf(holdings: readonly Holding[]): number {
  return Math.min(...holdings.map(({ bytes }) => bytes));
}
