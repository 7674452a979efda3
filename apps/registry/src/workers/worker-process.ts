import cluster, { type Worker } from 'node:cluster';
import type { Exclusion } from '@purser/core';
import type { ConfigFile } from '../config/config-file.ts';
import type { LinesWriter } from '../show/lines-writer.ts';
import { forwardWholeLines } from './forward-whole-lines.ts';
import { HeldKeys } from './held-keys.ts';
import { Peer } from './peer.ts';
import { environmentOf, type WorkerPlace } from './worker-place.ts';

/** What a worker is configured by. */
export interface HandedConfiguration {
  /** What the server was started with: what needs a restart is the same in all workers, whenever they start. */
  readonly started: ConfigFile | undefined;
  /** What was read last; `undefined` when nothing was since. */
  readonly reloaded: ConfigFile | undefined;
  /** What workers encrypt, others of them can read. */
  readonly secret: string;
}

/** What a worker says when it accepts connections. */
export interface WorkerServing {
  readonly url: string;
  readonly reloadableKeys: readonly string[];
}

export interface WorkerProcessOptions extends WorkerPlace {
  readonly exclusion: Exclusion;
  /** What it is configured by, when it asks. */
  readonly configuration: () => HandedConfiguration;
  readonly writeOutput: LinesWriter;
  readonly writeError: LinesWriter;
}

/** How a worker ended. */
export interface WorkerEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One process that serves, as the primary sees it. */
export class WorkerProcess {
  readonly slot: number;
  readonly peer: Peer;
  /** Settles when everything that it wrote has been handed on. */
  readonly ended: Promise<WorkerEnd>;
  /** Once it accepts connections; `undefined` when it ended before. */
  readonly ready: Promise<WorkerServing | undefined>;
  /** When it became ready, by `performance.now()`. */
  readyAt: number | undefined;
  /** Whether it was asked to let its requests finish. */
  wasAsked = false;
  /** Whether it can be asked things. */
  isConnected = false;
  readonly #worker: Worker;

  constructor({
    slot,
    count,
    exclusion,
    configuration,
    writeOutput,
    writeError,
  }: WorkerProcessOptions) {
    this.slot = slot;
    this.#worker = cluster.fork(environmentOf({ slot, count }));
    const { process } = this.#worker;
    if (process.stdout) forwardWholeLines(process.stdout, writeOutput);
    if (process.stderr) forwardWholeLines(process.stderr, writeError);
    this.peer = new Peer({
      send: (message, callback) => this.#worker.send(message, callback),
      on: (event, listener) => this.#worker.on(event, listener),
    });
    const held = new HeldKeys(exclusion, this.peer);
    const closed = Promise.withResolvers<WorkerEnd>();
    process.once('close', (status, signal) => closed.resolve({ status, signal }));
    this.#worker.on('error', () => {
      // Where the system would not start another process, there is nothing to end, and nothing that writes.
      if (process.pid === undefined) closed.resolve({ status: null, signal: null });
    });
    this.ended = closed.promise.then((end) => {
      this.isConnected = false;
      this.peer.end(new Error(`worker ${slot} has ended`));
      held.releaseAll();
      return end;
    });
    this.peer.handle('hello', () => {
      this.isConnected = true;
    });
    this.peer.handle('configuration', configuration);
    const serving = Promise.withResolvers<WorkerServing>();
    this.peer.handle('serving', (value) => {
      this.readyAt = performance.now();
      serving.resolve(value as WorkerServing);
    });
    this.ready = Promise.race([serving.promise, this.ended.then(() => undefined)]);
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  get isReady(): boolean {
    return this.readyAt !== undefined && this.isConnected;
  }

  /** Asks it to let running requests finish. One that serves nobody yet is ended at once. */
  stop(signal: string): void {
    this.wasAsked = this.isReady;
    if (this.isReady) this.peer.tell('stop', signal);
    else this.kill('SIGKILL');
  }

  kill(signal: NodeJS.Signals): void {
    this.#worker.process.kill(signal);
  }
}
