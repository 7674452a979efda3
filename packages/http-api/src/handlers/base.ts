import type { Context } from 'koa';
import type { Call, MethodTable } from '../call.ts';

/** @see OCI distribution-spec, end-1. */
export const base: MethodTable<Call> = { GET: getBase, HEAD: getBase };

function getBase({ context }: { readonly context: Context }): void {
  context.set('Content-Type', 'application/json');
  context.body = '{}';
}
