import type { CommandProcess } from './serve.ts';

/** Someone asked the command to stop before it was done. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly signal: string;

  constructor(signal: string) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }

  /** As a shell tells of a program that a signal ended. */
  get status(): number {
    return this.signal === 'SIGTERM' ? 143 : 130;
  }
}

/** Aborts with `Stopped` when the process is asked to stop. */
export function stopOnSignal(process: Pick<CommandProcess, 'nextSignal'>): AbortSignal {
  const stop = new AbortController();
  void process.nextSignal().then((signal) => stop.abort(new Stopped(signal)));
  return stop.signal;
}
