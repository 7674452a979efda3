import type { Environment } from '../config/environment.ts';

/** One of several processes that serve together. */
export interface WorkerPlace {
  /** Which one, from 0. */
  readonly slot: number;
  /** How many there are. */
  readonly count: number;
}

/** How the primary tells a worker where it stands. */
const VARIABLE = 'PURSER_WORKER';

/** The place of this process; `undefined` for one that serves alone, and for the primary. */
export function workerPlaceIn(environment: Environment): WorkerPlace | undefined {
  const [slot, count] = environment[VARIABLE]?.split('/') ?? [];
  return slot === undefined ? undefined : { slot: Number(slot), count: Number(count) };
}

export function environmentOf({ slot, count }: WorkerPlace): Record<string, string> {
  return { [VARIABLE]: `${slot}/${count}` };
}
