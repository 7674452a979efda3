import { RegistryClient, type RegistryProcess } from '@purser/registry-under-test';
import { atRest } from '../processor-time.ts';
import type { NamedRequest } from './requests.ts';

/** Processor time of the server for one request, in milliseconds. */
export interface RequestCost {
  readonly request: NamedRequest;
  readonly status: number;
  /** Bytes of the answer. */
  readonly size: number;
  /** Of the first request. */
  readonly first: number;
  /** Of each further one, on average; absent when there was only one. */
  readonly again: number | undefined;
}

const TIMEOUT_MS = 120_000;

/** Sends one request several times to a server that does nothing else. */
export async function measureRequest(
  { port, pid }: RegistryProcess,
  request: NamedRequest,
  repeats: number,
): Promise<RequestCost> {
  const client = new RegistryClient({ ports: [port], timeoutMs: TIMEOUT_MS });
  try {
    const before = await atRest(pid);
    const { status, body } = await client.request(request);
    const between = await atRest(pid);
    const cost = { request, status, size: body.length, first: between - before };
    if (request.once === true || repeats === 0) return { ...cost, again: undefined };
    for (let repeat = 0; repeat < repeats; repeat++) await client.request(request);
    return { ...cost, again: ((await atRest(pid)) - between) / repeats };
  } finally {
    client.close();
  }
}
