import { Session } from 'node:inspector/promises';
import { setTimeout } from 'node:timers/promises';

export type ProfileKind = 'cpu' | 'heap';

export interface ProfileOptions {
  readonly kind: ProfileKind;
  readonly seconds: number;
  /** Ends it early: what was recorded by then is lost. */
  readonly signal: AbortSignal;
}

/**
 * Records what this process does: where time goes (`cpu`), or who allocates what is not freed meanwhile (`heap`). Functions
 * and their files are in it, and no values of the program.
 *
 * @returns The text of a `.cpuprofile` or `.heapprofile`.
 */
export async function recordProfile({ kind, seconds, signal }: ProfileOptions): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    return await (kind === 'cpu' ? recordCpu : recordHeap)(session, () =>
      setTimeout(seconds * 1000, undefined, { signal }),
    );
  } finally {
    // Ends what it began.
    session.disconnect();
  }
}

type Wait = () => Promise<void>;

async function recordCpu(session: Session, wait: Wait): Promise<string> {
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  await wait();
  const { profile } = await session.post('Profiler.stop');
  return JSON.stringify(profile);
}

async function recordHeap(session: Session, wait: Wait): Promise<string> {
  await session.post('HeapProfiler.startSampling');
  await wait();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  return JSON.stringify(profile);
}
