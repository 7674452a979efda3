import type { Clock } from './clock.ts';
import { LeaseLostError, type Lease } from './lease.ts';

/** One renewal may fail, or come late, and the next still comes within the term. */
const RENEWALS_IN_A_TERM = 5;

interface HeldLeaseOptions {
  readonly lease: Lease;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does work while a lease is held, and renews it meanwhile. The work is told by its signal when the lease is lost.
 *
 * @returns What the work gives; `undefined` when another has the lease.
 */
export async function whileHeld<T>(
  { lease, clock, signal }: HeldLeaseOptions,
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
      await clock.wait(lease.termMs / RENEWALS_IN_A_TERM, over.signal).catch(() => {});
      if (over.signal.aborted) return;
      // A renewal that fails may succeed the next time, while the term lasts.
      const isHeld = await lease.hold().catch(() => lease.isHeld());
      if (isHeld) continue;
      lost.abort(new LeaseLostError());
      return;
    }
  }
}
