import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MemoryWatch } from '@purser/registry-under-test';
import type { Assignment, WorkerReport } from './assignment.ts';

const PROGRAM = fileURLToPath(new URL('worker.ts', import.meta.url));

/** One life of a worker. */
export class WorkerProcess implements Disposable {
  readonly #child: ChildProcess;
  readonly #memory: MemoryWatch;
  readonly #heard: Promise<unknown>;
  #isExpectedToEnd = false;

  constructor(assignment: Assignment, hear: (report: WorkerReport) => void) {
    this.#child = spawn(
      process.execPath,
      ['--conditions=@purser/source', PROGRAM, JSON.stringify(assignment)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      // A kill can cut the last line.
      if (line.endsWith('}')) hear(JSON.parse(line) as WorkerReport);
    });
    this.#heard = Promise.all([once(lines, 'close'), once(this.#child, 'exit')]);
    this.#child.once('exit', (status) => {
      if (!this.#isExpectedToEnd) hear({ kind: 'trouble', text: `the worker ended: ${status}` });
    });
    this.#memory = new MemoryWatch(this.#child.pid as number);
  }

  /** Bytes. */
  get peakMemory(): number {
    return this.#memory.peak;
  }

  /** Ends it and waits until everything it told is heard. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#child.kill(signal);
    await this.#heard;
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
    this.#isExpectedToEnd = true;
    this.#child.kill('SIGKILL');
  }
}
