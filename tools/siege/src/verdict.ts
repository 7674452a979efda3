import type { AssaultReport } from './assault.ts';
import { ratioOf } from './measure.ts';

const MEBIBYTE = 1024 * 1024;

/** How many times its normal latency an ordinary client may wait while others attack. */
const MOST_SLOWER = 3;
/** Below it nobody notices, and a busy machine alone makes single visits as slow. */
const NOTICED_MS = 50;
/** Of fewer the 99th percentile is a single visit or two. */
const LEAST_VISITS_FOR_P99 = 200;
/** What a server may keep of the memory that an attack took: heaps do not shrink to the byte. */
const MOST_KEPT_BYTES = 64 * MEBIBYTE;

/** What a registry failed to do while it was attacked and afterwards; nothing when it stood. */
export function failuresOf({
  before,
  during,
  after,
  held,
  recoveredAfter,
}: AssaultReport): readonly string[] {
  const failures: string[] = [];
  for (const [when, latency] of [
    ['during the attack', during],
    ['after it', after],
  ] as const) {
    const ratio = ratioOf(latency, before);
    const counts = Math.min(before.visits, latency.visits) >= LEAST_VISITS_FOR_P99;
    for (const which of counts ? (['median', 'p99'] as const) : (['median'] as const)) {
      if (ratio[which] <= MOST_SLOWER || latency[which] < NOTICED_MS) continue;
      failures.push(`${which} ${when} is ${ratio[which].toFixed(1)} times that before`);
    }
  }
  if (recoveredAfter === undefined) {
    failures.push(`${held.after.sockets} sockets are open, and ${held.before.sockets} were before`);
  }
  const kept = held.after.bytes - held.before.bytes;
  if (kept > MOST_KEPT_BYTES)
    failures.push(`${(kept / MEBIBYTE).toFixed(0)} MiB were not given back`);
  return failures;
}
