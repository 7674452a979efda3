import { setTimeout as wait } from 'node:timers/promises';
import { quantile, RegistryClient, type RegistryProcess } from '@purser/registry-under-test';
import { atRest } from '../processor-time.ts';
import type { NamedRequest } from './requests.ts';

export interface Pressure {
  /** 99th percentile of an ordinary request before and during the attack, in milliseconds. */
  readonly before: number;
  readonly during: number;
  /** Processor time of the server after the attackers left, in milliseconds. */
  readonly afterwards: number;
}

export interface PressureOptions {
  /** An ordinary request. */
  readonly ordinary: NamedRequest;
  readonly seconds: number;
}

const PAUSE_MS = 10;

/** Sends many dear requests at once, watches an ordinary client, and lets the attackers leave before they are answered. */
export async function putUnderPressure(
  registry: RegistryProcess,
  requests: readonly NamedRequest[],
  { ordinary, seconds }: PressureOptions,
): Promise<Pressure> {
  const { port, pid } = registry;
  const client = new RegistryClient({ ports: [port] });
  const attackers = new RegistryClient({ ports: [port], timeoutMs: 600_000 });
  const watch = async () => quantile(await latenciesOf(client, ordinary, seconds), 0.99);
  try {
    const before = await watch();
    const attacks = requests.map((request) => attackers.request(request).catch(() => undefined));
    const during = await watch();
    attackers.close();
    await Promise.all(attacks);
    const left = await atRest(pid, 0);
    return { before, during, afterwards: (await atRest(pid)) - left };
  } finally {
    client.close();
    attackers.close();
  }
}

async function latenciesOf(
  client: RegistryClient,
  request: NamedRequest,
  seconds: number,
): Promise<readonly number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await client.request(request);
    times.push(performance.now() - start);
    await wait(PAUSE_MS);
  }
  return times;
}
