import { setTimeout as wait } from 'node:timers/promises';
import type {
  Random,
  RegistryProcess,
  RegistryProgram,
  Sandbox,
} from '@purser/registry-under-test';
import { Actor, type Life, type World } from './actor.ts';
import { checkRegistry, type Scope } from './check.ts';
import { pushUntilOver } from './pushing.ts';

export interface LivesOptions {
  readonly sandbox: Sandbox;
  readonly program: RegistryProgram;
  readonly world: World;
  readonly random: Random;
  /** Pushing at the same time. */
  readonly clients: number;
  /** Registries over one root. */
  readonly processes: number;
  /** Processes that each of them consists of. */
  readonly workers: number;
}

/** The lives of one registry: it is started, pushed to, killed, started again on what is left, and checked. */
export class Lives {
  readonly #options: LivesOptions;
  #registries: readonly RegistryProcess[] = [];
  #kills = 0;

  constructor(options: LivesOptions) {
    this.#options = options;
  }

  get kills(): number {
    return this.#kills;
  }

  /** Starts what does not run, each on the port it had. */
  async start(): Promise<void> {
    const { sandbox, program, processes } = this.#options;
    this.#registries = await Promise.all(
      Array.from({ length: processes }, async (_, index) => {
        const before = this.#registries[index];
        if (before?.isRunning) {
          // Of its workers none may be left for a moment.
          await before.untilAnswers();
          return before;
        }
        return sandbox.start(program, { root: 'root', port: before?.port });
      }),
    );
  }

  /** Lets clients push for a while and kills the registry meanwhile: all of its processes, or some. */
  async pushAndKill(): Promise<void> {
    const { clients, random, world } = this.#options;
    world.samples.refill();
    const { onPromise, isTime } = this.#drawMoment();
    const life = { ...this.#life(), onPromise };
    const pushing = Array.from({ length: clients }, async (_, index) => {
      const draws = random.fork(this.#kills * 1000 + index);
      using actor = this.#actor(`client ${index}`, life, draws);
      await pushUntilOver(actor);
    });
    await isTime;
    this.#reportEnded(life);
    life.isOver = true;
    await Promise.all(this.#victims().map((registry) => this.#kill(registry)));
    this.#kills += 1;
    await Promise.all(pushing);
  }

  /**
   * When to kill: in half of the lives on the spot when a client is told that something is stored, which finds what was
   * answered too early; else after some time, early with all clients at their first requests, or late.
   */
  #drawMoment(): { readonly onPromise: (path: string) => void; readonly isTime: Promise<unknown> } {
    const { random } = this.#options;
    const delay = random.isLucky(0.3) ? random.integer(0, 60) : random.integer(20, 450);
    const awaited = random.isLucky(0.5) ? '/manifests/' : '/';
    let remaining = random.isLucky(0.5) ? random.integer(1, 12) : Infinity;
    const promised = Promise.withResolvers<void>();
    const onPromise = (path: string) => {
      if (path.includes(awaited)) remaining -= 1;
      if (remaining === 0) promised.resolve();
    };
    const isTime =
      remaining === Infinity ? wait(delay) : Promise.race([promised.promise, wait(600)]);
    return { onPromise, isTime };
  }

  async check(scope: Scope): Promise<void> {
    using actor = this.#actor('check', this.#life(), this.#options.random.fork(this.#kills));
    await checkRegistry(actor, scope);
  }

  /** Ends a registry, or one of its workers, which leaves the others serving. */
  async #kill(registry: RegistryProcess): Promise<void> {
    const { random, workers } = this.#options;
    if (workers === 1 || random.isLucky(0.5)) return registry.kill();
    process.kill(random.pick(await registry.workers()), 'SIGKILL');
    while ((await registry.workers()).length < workers) await wait(20);
  }

  #victims(): readonly RegistryProcess[] {
    const { random } = this.#options;
    if (random.isLucky(0.5)) return this.#registries;
    return [random.pick(this.#registries)];
  }

  /** A registry that ends by itself has broken more than a promise. */
  #reportEnded(life: Life): void {
    using actor = this.#actor('operator', life, this.#options.random);
    for (const { isRunning, output } of this.#registries) {
      if (!isRunning) actor.report(`the registry ended by itself\n${output}`);
    }
  }

  #life(): Life {
    const ports = this.#registries.map((registry) => registry.port);
    return { kills: this.#kills, ports, isOver: false };
  }

  #actor(name: string, life: Life, random: Random): Actor {
    return new Actor({ name, life, random, world: this.#options.world });
  }
}
