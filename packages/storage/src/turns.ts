import { setImmediate } from 'node:timers/promises';

/** Steps of about a microsecond after which other work gets its turn. */
const STEPS = 4096;

/** Lets other work of the process proceed during a long computation. */
export class Turns {
  #steps = 0;

  /** Called at every step; resolves at once for most. */
  step(): Promise<void> | undefined {
    return ++this.#steps % STEPS === 0 ? this.pass() : undefined;
  }

  async pass(): Promise<void> {
    await setImmediate();
  }
}
