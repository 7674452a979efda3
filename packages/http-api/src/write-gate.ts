import type { RegistryError } from '@purser/core';
import type { Context } from 'koa';

/** Decides whether requests may change content at this moment. */
export interface WriteGate {
  /** Why nothing may be changed now; `undefined` while it may. Asked for each request, so that it can come and go. */
  readonly refusal: RegistryError | undefined;
  /** A request that may change something begins; it is over when the result is disposed of. */
  enter(): Disposable;
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Lets a request in that may change content, or one that only reads.
 *
 * @param methods Those of the endpoint.
 * @returns The write, until it is over.
 * @throws RegistryError whatever the gate refuses with; `Allow` names the methods that are left.
 * @see distribution, `storage.maintenance.readonly`.
 */
export function admitWrite(
  context: Context,
  methods: readonly string[],
  gate: WriteGate | undefined,
): Disposable | undefined {
  if (gate === undefined || READING.has(context.method)) return undefined;
  const { refusal } = gate;
  if (refusal === undefined) return gate.enter();
  context.set('Allow', allowedNow(methods, gate));
  throw refusal;
}

/** The methods that an endpoint takes at this moment, as `Allow` names them. */
export function allowedNow(methods: readonly string[], gate: WriteGate | undefined): string {
  const allowed =
    gate?.refusal === undefined ? methods : methods.filter((method) => READING.has(method));
  return allowed.join(', ');
}
