import { setTimeout as wait } from 'node:timers/promises';
import { MemoryWatch, type RegistryProcess } from '@purser/registry-under-test';
import { Attackers } from '../attackers/attackers.ts';
import type { AttackOrder, AttackResult } from '../attackers/order.ts';
import { processorTimeOf } from '../processor-time.ts';
import { latencyOf, type Latency } from './latency.ts';
import type { OrdinaryClient, Visits } from './ordinary-client.ts';
import { holdingOf, treeOf, type Holding } from './process-tree.ts';

export interface Assault {
  readonly order: AttackOrder;
  /** How long an ordinary client is measured before, during and after. */
  readonly seconds: number;
  /** How often the attack is made again, to tell a heap that has grown from one that leaks. */
  readonly repeats: number;
  /** How long to wait until the server is back to normal. */
  readonly recoverySeconds: number;
  /** Sockets beyond those before that are normal then. */
  readonly sockets: number;
  /** Times the 99th percentile before that a normal visit takes. */
  readonly slower: number;
}

/** A time in which an ordinary client visited. */
export interface Phase {
  readonly latency: Latency;
  readonly refusals: readonly string[];
  /** Processor time of the server in each second: 1 is a whole core. */
  readonly processor: number;
}

export interface AssaultReport {
  readonly before: Phase;
  readonly during: Phase;
  readonly after: Phase;
  readonly held: {
    readonly before: Holding;
    readonly during: Holding;
    readonly after: Holding;
    /** After each repeat: heaps grow for a while, and a leak grows each time. */
    readonly again: readonly Holding[];
    /** The most RAM of one process during the attack, in bytes. */
    readonly peak: number;
  };
  /** Many requests at once of the ordinary client, during the attack. */
  readonly burst: { readonly ms: number; readonly refusal: string | undefined };
  /** Seconds after the end of the attack; `undefined` when the server did not recover. */
  readonly recoveredAfter: number | undefined;
  /** The first attack. */
  readonly result: AttackResult;
  /** How long it lasted, from the start of its process. */
  readonly attackSeconds: number;
  /** Answers to all attacks, by status. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Attacks a registry, and measures it before, during and after. */
export async function assault(
  registry: RegistryProcess,
  client: OrdinaryClient,
  { order, seconds, repeats, recoverySeconds, sockets, slower }: Assault,
): Promise<AssaultReport> {
  // The first visits find a server that has compiled nothing yet.
  await client.visitFor(Math.min(seconds, 5));
  const before = await phaseOf(registry, () => client.visitFor(seconds));
  const holding = holdingOf(registry.pid);
  const calm = {
    sockets: holding.sockets + sockets,
    slowestMs: slower * before.latency.p99,
    recoverySeconds,
  };
  const attack = await underAttack(registry, client, { order, seconds });
  const recoveredAfter = await recovery(registry, client, calm);
  const after = await phaseOf(registry, () => client.visitFor(seconds));
  const calmed = holdingOf(registry.pid);
  const results = [attack.result];
  const again: Holding[] = [];
  while (again.length < repeats) {
    results.push((await underAttack(registry, client, { order, seconds: 1 })).result);
    await recovery(registry, client, calm);
    await client.visitFor(1);
    again.push(holdingOf(registry.pid));
  }
  const { during, held, peak, burst, result, attackSeconds } = attack;
  return {
    before,
    during,
    after,
    burst,
    recoveredAfter,
    result,
    attackSeconds,
    held: { before: holding, during: held, after: calmed, again, peak },
    answers: sumOf(results.map(({ answers }) => answers)),
  };
}

async function phaseOf(registry: RegistryProcess, visit: () => Promise<Visits>): Promise<Phase> {
  const start = performance.now();
  const spent = processorTimeOfTree(registry.pid);
  const { times, refusals } = await visit();
  const processor = (processorTimeOfTree(registry.pid) - spent) / (performance.now() - start);
  return { latency: latencyOf(times), refusals, processor };
}

function processorTimeOfTree(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + processorTimeOf(each), 0);
}

/** Requests of each kind: more than any client makes at a time, and few beside the places of a server. */
const BURST = 25;

async function underAttack(
  registry: RegistryProcess,
  client: OrdinaryClient,
  { order, seconds }: Pick<Assault, 'order' | 'seconds'>,
) {
  const watches = treeOf(registry.pid).map((pid) => new MemoryWatch(pid));
  const start = performance.now();
  try {
    await using attackers = await Attackers.start(order);
    const during = await phaseOf(registry, () => client.visitFor(seconds));
    const burst = await burstOf(client);
    const held = holdingOf(registry.pid);
    const peak = Math.max(...watches.map((watch) => watch.peak));
    const result = await attackers.result();
    const attackSeconds = (performance.now() - start) / 1000;
    return { during, burst, held, peak, result, attackSeconds };
  } finally {
    for (const watch of watches) watch[Symbol.dispose]();
  }
}

async function burstOf(client: OrdinaryClient): Promise<AssaultReport['burst']> {
  const start = performance.now();
  const refusal = await client.burst(BURST).then(() => undefined, String);
  return { ms: performance.now() - start, refusal };
}

const LOOK_EVERY_MS = 100;

interface Calm {
  readonly sockets: number;
  readonly slowestMs: number;
  readonly recoverySeconds: number;
}

/** Waits until the server has few sockets, and serves as fast as before. */
async function recovery(
  registry: RegistryProcess,
  client: OrdinaryClient,
  { sockets, slowestMs, recoverySeconds }: Calm,
): Promise<number | undefined> {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  while (elapsed() < recoverySeconds) {
    const visit = await client.visitFor(0.001);
    const isFast = visit.times.every((ms) => ms <= slowestMs);
    const isNormal = isFast && visit.refusals.length === 0;
    if (isNormal && holdingOf(registry.pid).sockets <= sockets) return elapsed();
    await wait(LOOK_EVERY_MS);
  }
  return undefined;
}

function sumOf(
  each: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [status, count] of each.flatMap((answers) => Object.entries(answers))) {
    sums[status] = (sums[status] ?? 0) + count;
  }
  return sums;
}
