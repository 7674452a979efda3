import type { OperationOptions } from './options.ts';

/** Lets one holder at a time have each key: within a process, as `Exclusive` does, or among all that share it. */
export interface Exclusion {
  /**
   * Waits for the key, behind those who asked before.
   *
   * @returns Gives the key back, without waiting; calling it again does nothing.
   */
  acquire(key: string, options?: OperationOptions): Promise<() => void>;

  /** Whether anyone of this process has the key, or waits for it. */
  isHeld(key: string): boolean;
}
