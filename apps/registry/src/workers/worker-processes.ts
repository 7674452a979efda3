import { randomBytes } from 'node:crypto';
import cluster from 'node:cluster';
import { setTimeout as wait } from 'node:timers/promises';
import { Exclusive } from '@purser/core';
import type { ConfigFile } from '../config/config-file.ts';
import { StartError } from '../create/start-error.ts';
import type { Logger } from '../observe/logger.ts';
import type { LinesWriter } from '../show/lines-writer.ts';
import { restartDelayMs } from './restart-delay.ts';
import {
  WorkerProcess,
  type HandedConfiguration,
  type WorkerEnd,
  type WorkerServing,
} from './worker-process.ts';

export interface WorkerProcessesOptions {
  readonly count: number;
  /** What all are configured by; `undefined` when there is no file. */
  readonly file: ConfigFile | undefined;
  readonly logger: Logger;
  readonly writeOutput: LinesWriter;
  readonly writeError: LinesWriter;
}

/** One that served for so long did not end because of how it was started. */
const SETTLED_MS = 10_000;
/** Who stands still for longer serves nobody, and is not waited for. */
const LONGEST_ANSWER_MS = 5_000;

/** The processes that serve, each of which has a successor when it ends. */
export class WorkerProcesses {
  readonly #options: WorkerProcessesOptions;
  readonly #exclusion = new Exclusive();
  readonly #workers = new Map<number, WorkerProcess>();
  readonly #stopping = new AbortController();
  readonly #slots: Promise<void>[] = [];
  readonly #hopeless = Promise.withResolvers<void>();
  #configuration: HandedConfiguration;
  #isClean = true;

  constructor(options: WorkerProcessesOptions) {
    this.#options = options;
    this.#configuration = {
      started: options.file,
      reloaded: undefined,
      secret: randomBytes(32).toString('hex'),
    };
    // Whoever writes in the end is this process, for the sake of whole lines.
    cluster.setupPrimary({ stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  }

  /** Settles when no worker serves and none can be started. */
  get hopeless(): Promise<void> {
    return this.#hopeless.promise;
  }

  /** Those that can be asked things, each by the number of its slot. */
  get connected(): readonly WorkerProcess[] {
    return [...this.#workers.values()].filter(({ isConnected }) => isConnected);
  }

  /**
   * Starts the first, and then the others: what keeps one from starting is told once. Where the first serves, others can:
   * one that does not is started again, as one that ends later.
   *
   * @returns What the first says; `undefined` when it could not start.
   */
  async start(): Promise<WorkerServing | undefined> {
    const first = this.#start(0);
    const serving = await first.ready;
    if (serving === undefined) {
      const { signal } = await first.ended;
      // Otherwise it has told why by itself.
      const isUnexpected = signal !== null && !this.#stopping.signal.aborted;
      if (isUnexpected) this.#options.logger.error(`the first worker was ended by ${signal}`);
      return undefined;
    }
    if (this.#stopping.signal.aborted) return serving;
    const others = Array.from({ length: this.#options.count - 1 }, (_, index) =>
      this.#start(index + 1),
    );
    for (const worker of [first, ...others]) this.#slots.push(this.#follow(worker));
    await Promise.all(others.map(({ ready }) => ready));
    return serving;
  }

  /**
   * Lets running requests of all workers finish.
   *
   * @returns Whether every one of them could.
   */
  async stop(signal: string): Promise<boolean> {
    this.#stopping.abort();
    for (const worker of this.#workers.values()) worker.stop(signal);
    await Promise.all([...this.#workers.values()].map(({ ended }) => ended));
    await Promise.all(this.#slots);
    return this.#isClean;
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.#stopping.abort();
    for (const worker of this.#workers.values()) worker.kill('SIGKILL');
    await Promise.all([...this.#workers.values()].map(({ ended }) => ended));
  }

  /** What each worker answers that does so in time. */
  async askAll(name: string, value?: unknown): Promise<readonly unknown[]> {
    const late = wait(LONGEST_ANSWER_MS, undefined, { ref: false });
    const answers = this.connected.map(({ peer }) =>
      Promise.race([peer.call(name, value).catch(() => undefined), late]),
    );
    return Promise.all(answers);
  }

  /**
   * Has all workers take what can change from a configuration, and those that start later.
   *
   * @throws StartError with what one says that cannot use it; the others then take back what counted before.
   */
  async reload(file: ConfigFile | undefined): Promise<void> {
    const before = this.#configuration;
    // One that starts meanwhile must not miss it.
    this.#configuration = { ...before, reloaded: file };
    const answers = await this.askAll('reload', file);
    const reason = answers.find((answer) => typeof answer === 'string');
    if (reason === undefined) return;
    this.#configuration = before;
    await this.askAll('reload', before.reloaded ?? before.started);
    throw new StartError(reason);
  }

  #start(slot: number): WorkerProcess {
    const worker = new WorkerProcess({
      ...this.#options,
      slot,
      exclusion: this.#exclusion,
      configuration: () => this.#configuration,
    });
    this.#workers.set(slot, worker);
    void worker.ready.then((serving) => {
      if (serving !== undefined) {
        this.#options.logger.info(`worker ${slot} serves`, { worker: slot, pid: worker.pid });
      }
    });
    worker.peer.handle('forget', (value) => this.#forget(worker, value));
    void worker.ended.then(({ status }) => {
      if (this.#workers.get(slot) === worker) this.#workers.delete(slot);
      if (worker.wasAsked && status !== 0) this.#isClean = false;
    });
    return worker;
  }

  async #follow(worker: WorkerProcess): Promise<void> {
    let current = worker;
    let failures = 0;
    for (;;) {
      const end = await current.ended;
      if (this.#stopping.signal.aborted) return;
      failures = hasSettled(current) ? 0 : failures + 1;
      const delayMs = restartDelayMs(failures);
      this.#tell(current, end, delayMs);
      if (current.readyAt === undefined && !this.#isServing) this.#hopeless.resolve();
      await wait(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      current = this.#start(current.slot);
    }
  }

  get #isServing(): boolean {
    return [...this.#workers.values()].some(({ isReady }) => isReady);
  }

  #tell({ slot, readyAt }: WorkerProcess, { status, signal }: WorkerEnd, delayMs: number): void {
    const how = signal ?? (status === null ? 'the system starts no process' : `status ${status}`);
    const what = readyAt === undefined ? 'could not start' : 'ended';
    this.#options.logger.error(
      `worker ${slot} ${what} (${how}); another takes its place in ${delayMs / 1000}s`,
      { worker: slot },
    );
  }

  async #forget(teller: WorkerProcess, value: unknown): Promise<void> {
    const others = this.connected.filter((worker) => worker !== teller);
    const told = Promise.allSettled(others.map(({ peer }) => peer.call('forget', value)));
    const late = wait(LONGEST_ANSWER_MS, 'late' as const, { ref: false });
    if ((await Promise.race([told, late])) === 'late') {
      this.#options.logger.warn('a worker does not answer: it may remember what another deleted');
    }
  }
}

function hasSettled({ readyAt }: WorkerProcess): boolean {
  return readyAt !== undefined && performance.now() - readyAt >= SETTLED_MS;
}
