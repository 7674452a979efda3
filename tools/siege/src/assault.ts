import { setTimeout as wait } from 'node:timers/promises';
import type { RegistryProcess } from '@purser/registry-under-test';
import type { Attack } from './attack.ts';
import { Attackers } from './attackers.ts';
import type { AttackResult } from './attacks/running-attack.ts';
import { latencyOf, type Latency } from './measure.ts';
import type { OrdinaryClient } from './ordinary-client.ts';
import { holdingOf, type Holding } from './process-tree.ts';

export interface Assault {
  readonly attack: Omit<Attack, 'address' | 'port'>;
  readonly processes: number;
  /** How long an ordinary client is measured before, during and after. */
  readonly seconds: number;
  /** How long the server may take to let go of everything. */
  readonly recoverySeconds: number;
}

export interface AssaultReport {
  readonly before: Latency;
  readonly during: Latency;
  readonly after: Latency;
  readonly held: {
    readonly before: Holding;
    readonly during: Holding;
    readonly after: Holding;
    /** After each of the same attacks that followed: heaps grow for a while, and what leaks grows each time. */
    readonly again: readonly Holding[];
  };
  /** When what the attack held was let go, in seconds after its end; `undefined` when it was not. */
  readonly recoveredAfter: number | undefined;
  readonly result: AttackResult;
}

/** Attacks a registry, and looks at it before, meanwhile and afterwards. */
export async function assault(
  registry: RegistryProcess,
  client: OrdinaryClient,
  { attack, processes, seconds, recoverySeconds }: Assault,
): Promise<AssaultReport> {
  // The first visits find a server that has compiled nothing yet.
  await client.visitFor(Math.min(seconds, 5));
  const before = latencyOf(await client.visitFor(seconds));
  const calm = holdingOf(registry.pid);
  const siege = { attack: { ...attack, port: registry.port }, processes };
  const { during, held, result } = await underAttack(registry, client, { ...siege, seconds });
  const recoveredAfter = await recovery(registry, calm, recoverySeconds);
  const after = latencyOf(await client.visitFor(seconds));
  const calmed = holdingOf(registry.pid);
  const again: Holding[] = [];
  while (again.length < ATTACKS_AGAIN) {
    await underAttack(registry, client, { ...siege, seconds: 1 });
    await recovery(registry, calm, recoverySeconds);
    await client.visitFor(1);
    again.push(holdingOf(registry.pid));
  }
  const holding = { before: calm, during: held, after: calmed, again };
  return { before, during, after, held: holding, recoveredAfter, result };
}

/** Of the first of them a heap may still grow without a leak. */
export const ATTACKS_AGAIN = 5;

interface Siege {
  readonly attack: Omit<Attack, 'address'>;
  readonly processes: number;
  readonly seconds: number;
}

async function underAttack(
  registry: RegistryProcess,
  client: OrdinaryClient,
  { attack, processes, seconds }: Siege,
) {
  await using attackers = await Attackers.start(attack, processes);
  const times = await client.visitFor(seconds);
  // A flood is measured until it is over.
  while (attack.kind === 'headers' && (await attackers.result()).sent < attack.bytes) {
    times.push(...(await client.visitFor(1)));
  }
  const held = holdingOf(registry.pid);
  return { during: latencyOf(times), held, result: await attackers.result() };
}

const LOOK_EVERY_MS = 250;

/** Waits until the server has no more sockets than before. */
async function recovery(registry: RegistryProcess, calm: Holding, seconds: number) {
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    if (holdingOf(registry.pid).sockets <= calm.sockets) return (performance.now() - start) / 1000;
    await wait(LOOK_EVERY_MS);
  }
  return undefined;
}
