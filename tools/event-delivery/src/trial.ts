import { setTimeout as wait } from 'node:timers/promises';
import type { EndpointOptions } from '@purser/notifications';
import type { Random } from '@purser/registry-under-test';
import type { WorkerReport } from './assignment.ts';
import type { EndpointServer } from './endpoint-server.ts';
import { WorkerProcess } from './worker-process.ts';

export interface TrialOptions {
  readonly directory: string;
  readonly endpoints: readonly EndpointOptions[];
  readonly servers: { readonly failing: EndpointServer; readonly well: EndpointServer };
  readonly random: Random;
  readonly events: number;
  readonly kills: number;
  readonly perSecond: number;
}

/** Numbers left out after a kill: those of events that may be in the outbox without having been told as accepted. */
const GAP = 1000;
const LOOK_MS = 20;
const AWAY_MS = 2000;

/** Lets workers make events until enough were accepted, kills them in between, and waits until all have arrived. */
export class Trial {
  readonly #options: TrialOptions;
  readonly #accepted = new Set<number>();
  readonly #trouble: string[] = [];
  #worker: WorkerProcess | undefined;
  #highest = 0;
  #kills = 0;
  #dropped = 0;
  #mostPending = 0;
  #peakMemory = 0;
  #isOver = false;

  constructor(options: TrialOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { events, kills, random, servers } = this.#options;
    for (let life = 0; life < kills; life++) {
      this.#start();
      const share = (life + random.next()) / kills;
      // Some lives end while events come in, others while they go out.
      await this.#until(() => this.#progress >= Math.min(share, 0.99) * events);
      await this.#kill();
      if (life === Math.floor(kills / 2)) this.#goAway(servers.failing);
    }
    this.#start();
    await this.#until(() => this.#accepted.size >= events && this.#mayBeDone);
  }

  /** Lets the last worker end by itself. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#worker?.end('SIGTERM');
    this.#forgetWorker();
  }

  hasFailed(memory: number): boolean {
    const { failing, well } = this.#options.servers;
    const counts = [
      this.#missing,
      this.#dropped,
      this.#trouble.length,
      failing.arrivals.outOfOrder,
      well.arrivals.outOfOrder,
      well.badSignatures,
    ];
    return counts.some((count) => count > 0) || this.#peakMemory > memory;
  }

  summarize(seconds: number): void {
    const { servers } = this.#options;
    const lines = [
      `accepted ${this.#accepted.size} in ${seconds.toFixed(0)} s, kills ${this.#kills}`,
      `dropped ${this.#dropped}, most waiting ${this.#mostPending}`,
      `peak memory of a worker ${(this.#peakMemory / 1024 / 1024).toFixed(0)} MiB`,
      ...Object.entries(servers).flatMap(([name, server]) => [
        `${name}: ${this.#describe(server)}`,
        `${name}: faults ${JSON.stringify(server.faults)}, bad signatures ${server.badSignatures}`,
      ]),
      ...this.#trouble.slice(0, 10).map((text) => `trouble: ${text}`),
    ];
    process.stdout.write(lines.map((line) => `  ${line}\n`).join(''));
  }

  #describe({ arrivals }: EndpointServer): string {
    const { size, duplicates, outOfOrder } = arrivals;
    const lost = arrivals.missing(this.#accepted);
    return `arrived ${size}, lost ${lost}, duplicates ${duplicates}, out of order ${outOfOrder}`;
  }

  /** Between what was accepted and what has arrived where it takes longest. */
  get #progress(): number {
    return (this.#accepted.size + this.#options.servers.failing.arrivals.size) / 2;
  }

  /** Cheaper to ask than what is missing. */
  get #mayBeDone(): boolean {
    const { failing, well } = this.#options.servers;
    const least = Math.min(failing.arrivals.size, well.arrivals.size);
    return least >= this.#accepted.size && this.#missing === 0;
  }

  get #missing(): number {
    const { failing, well } = this.#options.servers;
    return failing.arrivals.missing(this.#accepted) + well.arrivals.missing(this.#accepted);
  }

  #start(): void {
    const { directory, endpoints, perSecond, events } = this.#options;
    const first = this.#highest + GAP;
    const count = events - this.#accepted.size;
    this.#worker = new WorkerProcess({ directory, endpoints, first, count, perSecond }, (report) =>
      this.#hear(report),
    );
  }

  async #kill(): Promise<void> {
    await this.#worker?.end('SIGKILL');
    this.#kills += 1;
    this.#forgetWorker();
    process.stdout.write(`  kill ${this.#kills}: accepted ${this.#accepted.size}\n`);
  }

  #forgetWorker(): void {
    this.#peakMemory = Math.max(this.#peakMemory, this.#worker?.peakMemory ?? 0);
    this.#worker?.[Symbol.dispose]();
    this.#worker = undefined;
  }

  /** Beside everything else. */
  #goAway(server: EndpointServer): void {
    server.goAway(AWAY_MS).catch((error: unknown) => this.#trouble.push(String(error)));
  }

  #hear(report: WorkerReport): void {
    switch (report.kind) {
      case 'accepted':
        this.#accepted.add(report.number);
        this.#highest = Math.max(this.#highest, report.number);
        break;
      case 'dropped':
        this.#dropped += report.events;
        break;
      case 'pending':
        this.#mostPending = Math.max(this.#mostPending, report.events);
        break;
      case 'trouble':
        this.#trouble.push(report.text);
        break;
    }
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!this.#isOver && !isTrue()) await wait(LOOK_MS);
  }
}
