import { setTimeout as wait } from 'node:timers/promises';
import type {
  Random,
  RegistryProcess,
  RegistryProgram,
  Sandbox,
} from '@purser/registry-under-test';

export interface ServersOptions {
  readonly sandbox: Sandbox;
  readonly program: RegistryProgram;
  readonly random: Random;
  /** How many share the store. */
  readonly processes: number;
  /** How many processes each of them consists of. */
  readonly workers: number;
}

/** How long a worker may take to start, on a machine that has other things to do. */
const SUCCESSOR_STARTS_MS = 3000;

/** Registries over one store, of which one is killed now and then. Any of them may be the one that collects. */
export class Servers {
  readonly #options: ServersOptions;
  #registries: readonly RegistryProcess[] = [];
  /** When a kill or the start after it was last under way, by `performance.now()`. */
  #disturbedAt = -Infinity;
  #down: Promise<void> | undefined;
  #kills = 0;

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  get kills(): number {
    return this.#kills;
  }

  get ports(): readonly number[] {
    return this.#registries.map(({ port }) => port);
  }

  /** The ports of those that run; all of them while none does. */
  get runningPorts(): readonly number[] {
    const running = this.#registries.filter(({ isRunning }) => isRunning);
    return (running.length === 0 ? this.#registries : running).map(({ port }) => port);
  }

  async start(): Promise<void> {
    const { sandbox, program, processes } = this.#options;
    this.#registries = await Promise.all(
      Array.from({ length: processes }, () => sandbox.start(program, { root: 'root' })),
    );
  }

  /** Starts them again after `stop`, on the same ports. */
  async restart(): Promise<void> {
    await Promise.all(this.#registries.map((registry) => this.#replace(registry)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#registries.map((registry) => registry.stop()));
  }

  /** Whether a connection that was begun then may have been lost by a kill. */
  wasDisturbedSince(startedAt: number): boolean {
    return this.#down !== undefined || this.#disturbedAt >= startedAt;
  }

  /** Waits until all of them run. */
  async untilRunning(): Promise<void> {
    await this.#down;
  }

  /** Kills one, leaves it dead for a moment, and starts it again on the same port; or one of its workers, which it replaces. */
  async killOne(): Promise<void> {
    const { random, workers } = this.#options;
    const victim = random.pick(this.#registries);
    if (workers > 1 && random.isLucky(0.7)) return this.#killWorker(victim);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#down = promise;
    this.#kills += 1;
    await victim.kill();
    // Sometimes longer than a collector's lease, so that another takes over.
    await wait(random.isLucky(0.3) ? random.integer(2000, 8000) : random.integer(0, 500));
    await this.#replace(victim);
    this.#disturbedAt = performance.now();
    this.#down = undefined;
    resolve();
  }

  async #killWorker(victim: RegistryProcess): Promise<void> {
    const { random, workers } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#down = promise;
    this.#kills += 1;
    process.kill(random.pick(await victim.workers()), 'SIGKILL');
    // Its successor is there soon, and serves a moment later.
    while ((await victim.workers()).length < workers) await wait(100);
    await wait(SUCCESSOR_STARTS_MS);
    await victim.untilAnswers();
    this.#disturbedAt = performance.now();
    this.#down = undefined;
    resolve();
  }

  /** What those wrote that ended by themselves. */
  ended(): readonly string[] {
    if (this.#down !== undefined) return [];
    return this.#registries.filter(({ isRunning }) => !isRunning).map(({ output }) => output);
  }

  async #replace(victim: RegistryProcess): Promise<void> {
    const { sandbox, program } = this.#options;
    const successor = await sandbox.start(program, { root: 'root', port: victim.port });
    this.#registries = this.#registries.map((registry) =>
      registry === victim ? successor : registry,
    );
  }
}
