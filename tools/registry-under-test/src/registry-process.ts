import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { RegistryClient } from './registry-client.ts';
import type { RegistryProgram } from './registry-program.ts';

export interface RegistryProcessOptions {
  /** The directory that holds `docker/registry/v2`. */
  readonly rootDirectory: string;
  /** Where to write the configuration file. */
  readonly configPath: string;
  readonly port: number;
  /** The text of the file. Default: silent, and deleting is allowed. With it, any answer shows that the registry serves. */
  readonly configure?: ((place: ConfiguredPlace) => string) | undefined;
  /** Variables besides those of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Is handed the process as soon as there is one, before it answers. */
  readonly onSpawn?: ((registry: RegistryProcess) => void) | undefined;
}

/** What a configuration has to name. */
export type ConfiguredPlace = Pick<RegistryProcessOptions, 'rootDirectory' | 'port'>;

/** Long enough for a slow machine under load. */
const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 20_000;
/** The tail of what a registry wrote, kept to explain a failure. */
const OUTPUT_LIMIT = 64 * 1024;

/** A registry that runs in a process of its own. */
export class RegistryProcess {
  readonly program: RegistryProgram;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** Whether its configuration is not the usual one: then any answer will do. */
  readonly #isConfigured: boolean;
  #output = '';

  private constructor(program: RegistryProgram, options: RegistryProcessOptions) {
    this.program = program;
    this.port = options.port;
    this.#isConfigured = options.configure !== undefined;
    this.#child = spawn(program.command, [...program.parameters, options.configPath], {
      // As a rule, there is no balancer that has to notice the end.
      env: { REGISTRY_HTTP_DRAINDELAY: '0', ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_LIMIT);
      });
    }
    this.#ended = Promise.race([once(this.#child, 'exit'), once(this.#child, 'error')]).catch(
      (error: unknown) => void (this.#output += String(error)),
    );
  }

  /**
   * Starts a registry and waits until it answers.
   *
   * @throws Error with what it wrote, when it ends first or does not answer within 90 seconds.
   */
  static async start(
    program: RegistryProgram,
    options: RegistryProcessOptions,
  ): Promise<RegistryProcess> {
    const { configure = configuration } = options;
    await writeFile(options.configPath, configure(options));
    const registry = new RegistryProcess(program, options);
    options.onSpawn?.(registry);
    try {
      await registry.untilAnswers();
    } catch (error) {
      await registry.kill();
      throw error;
    }
    return registry;
  }

  /** @throws Error when the process could not be started. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.program.command} did not start`);
    return this.#child.pid;
  }

  get isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** The last of what it wrote to both outputs. */
  get output(): string {
    return this.#output;
  }

  /** Ends it at once, as a loss of power would for the process; resolves when it is gone. */
  async kill(): Promise<void> {
    this.killNow();
    await this.#ended;
  }

  /** The processes that it started, which serve in its place; none when it serves itself. Linux only. */
  async workers(): Promise<readonly number[]> {
    const children = await readFile(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return children.trim().split(' ').filter(Boolean).map(Number);
  }

  /** The same without waiting, for a program that is about to end. */
  killNow(): void {
    if (this.isRunning) this.#child.kill('SIGKILL');
  }

  /** Asks it to end; kills it after 20 seconds. */
  async stop(): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.killNow(), STOP_LIMIT_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  /**
   * One that speaks TLS is not asked, but listens only once it can answer.
   *
   * @throws Error with what it wrote, when it ends first or does not answer within 90 seconds.
   */
  async untilAnswers(): Promise<void> {
    if (this.program.speaksTls === true) return this.#listens();
    const client = new RegistryClient({ ports: [this.port] });
    const limit = performance.now() + START_LIMIT_MS;
    try {
      while (this.isRunning && performance.now() < limit) {
        const answer = await client.request({ method: 'GET', path: '/v2/' }).catch(() => undefined);
        // One that asks for a login answers, too.
        const { status } = answer ?? {};
        if (status === 200 || status === 401) return;
        if (status !== undefined && this.#isConfigured) return;
        await wait(10);
      }
    } finally {
      client.close();
    }
    throw new Error(`${this.program.name} does not answer on port ${this.port}\n${this.#output}`);
  }

  async #listens(): Promise<void> {
    const limit = performance.now() + START_LIMIT_MS;
    while (this.isRunning && performance.now() < limit) {
      if (await isListening(this.port)) return;
      await wait(10);
    }
    throw new Error(`${this.program.name} does not listen on port ${this.port}\n${this.#output}`);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.destroy());
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
}

/** The same settings for every registry: silent, deleting allowed, one secret for all processes of a root. */
function configuration({ rootDirectory, port }: ConfiguredPlace): string {
  return `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${JSON.stringify(rootDirectory)}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
  secret: the same for every process
`;
}
