import type { Clock } from './clock.ts';
import { LeaseLostError } from './delete-garbage.ts';
import type { Lease } from './lease.ts';
import { LEASE_TERM_MS } from './limits.ts';

const RENEWAL_MS = LEASE_TERM_MS / 5;

/**
 * Does work while a lease is held, and renews it meanwhile. The work is told by its signal when the lease is lost.
 *
 * @returns What the work gives; `undefined` when another has the lease.
 */
export async function whileHeld<T>(
  { lease, clock, signal }: { lease: Lease; clock: Clock; signal?: AbortSignal | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  if (!(await lease.hold(signal))) return undefined;
  const over = new AbortController();
  const lost = new AbortController();
  const renewing = renew();
  try {
    return await work(AbortSignal.any([lost.signal, ...(signal === undefined ? [] : [signal])]));
  } finally {
    over.abort();
    await renewing;
    await lease.release();
  }

  async function renew(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.wait(RENEWAL_MS, over.signal).catch(() => {});
      if (over.signal.aborted) return;
      // A renewal that fails may succeed the next time, while the term lasts.
      const isHeld = await lease.hold().catch(() => lease.isHeld());
      if (isHeld) continue;
      lost.abort(new LeaseLostError());
      return;
    }
  }
}
