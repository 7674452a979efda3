import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Timing } from './sample.ts';

const run = promisify(execFile);

/** Prints the numbers of a run in a form that is easy to read: requests, µs, µs, failures. */
const SCRIPT = `done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), failed))
end
`;

export interface WrkOptions {
  readonly url: string;
  readonly accept?: string | undefined;
  readonly concurrency: number;
  /** Whole seconds. */
  readonly seconds: number;
}

/** The load generator `wrk`, which is no bottleneck beside a registry. */
export class Wrk {
  readonly #script: string;

  private constructor(script: string) {
    this.#script = script;
  }

  /** @returns `undefined` when it is not installed: Debian's package is `wrk`. */
  static async find(folder: string): Promise<Wrk | undefined> {
    const script = join(folder, 'report.lua');
    await writeFile(script, SCRIPT);
    // It has no option that succeeds without a URL; what matters is whether there is such a program.
    const found = await run('wrk', ['--version']).then(
      () => true,
      (error: { code?: unknown }) => error.code !== 'ENOENT',
    );
    return found ? new Wrk(script) : undefined;
  }

  /** @throws Error when a request failed. */
  async load({ url, accept = '*/*', concurrency, seconds }: WrkOptions): Promise<Timing> {
    const parameters = ['-t1', `-c${concurrency}`, `-d${seconds}s`, '-s', this.#script];
    const { stdout } = await run('wrk', [...parameters, '-H', `Accept: ${accept}`, url]);
    const numbers = /^RESULT (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout)?.slice(1).map(Number);
    const [operations = 0, micros = 0, median = 0, failed = 1] = numbers ?? [];
    if (failed > 0) throw new Error(`wrk ${url}: ${failed} requests failed\n${stdout}`);
    return { operations, seconds: micros / 1e6, latencyMs: median / 1000 };
  }
}
