import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';

export interface ProgramOptions {
  readonly cwd: string;
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

const START_LIMIT_MS = 30_000;
const OUTPUT_LIMIT = 16 * 1024 * 1024;

/** Runs a program to its end. @returns What it printed. @throws Error with what it wrote, when it fails. */
export async function run(
  command: string,
  words: readonly string[],
  { cwd, environment = {} }: ProgramOptions,
): Promise<string> {
  const env = { ...ownEnvironment(), ...environment };
  const { stdout } = await promisify(execFile)(command, [...words], {
    cwd,
    env,
    maxBuffer: OUTPUT_LIMIT,
  });
  return stdout;
}

/** A program that runs until it is stopped. */
export class RunningProgram implements AsyncDisposable {
  #output = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(
    command: string,
    words: readonly string[],
    { cwd, environment = {} }: ProgramOptions,
  ) {
    const env = { ...ownEnvironment(), ...environment };
    this.#child = spawn(command, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.#closed = once(this.#child, 'close');
  }

  /** Waits until it prints a text. @throws Error with what it wrote, when it ends first or after 30 seconds. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const limit = AbortSignal.timeout(START_LIMIT_MS);
    const ended = Promise.race([this.#closed, once(limit, 'abort')]).then(() => 'ended');
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      const [stdout, stderr] = [this.#child.stdout!, this.#child.stderr!];
      const event = await Promise.race([ended, once(stdout, 'data'), once(stderr, 'data')]);
      if (event === 'ended') throw new Error(`no ${String(pattern)} in: ${this.#output}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#closed;
  }
}

/** This Node.js first on the path, and nothing of what npm tells the scripts that it runs. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  return { ...Object.fromEntries(entries), PATH: path };
}
