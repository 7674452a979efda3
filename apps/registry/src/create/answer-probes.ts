import type { Middleware } from 'koa';
import type { Readiness } from './readiness.ts';

/**
 * Answers `/livez`, whether the process lives, and `/readyz`, whether it can take pushes: 200 or 503. For whoever asks,
 * without authorization; the log says why.
 */
export function answerProbes(readiness: Readiness): Middleware {
  return async function answerProbes(context, next) {
    const isReadiness = context.path === '/readyz';
    if (!isReadiness && context.path !== '/livez') return next();
    const isFine = !isReadiness || (await readiness.isReady());
    context.status = isFine ? 200 : 503;
    context.set('Cache-Control', 'no-store');
    context.body = isFine ? 'ok\n' : 'storage cannot be written\n';
  };
}
