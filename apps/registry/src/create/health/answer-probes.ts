import type { Middleware } from 'koa';
import type { Readiness } from './readiness.ts';

/**
 * Answers `/livez`, whether the process lives, and `/readyz`, whether it can take pushes and no health check fails: 200 or
 * 503. For whoever asks, without authorization; the log says why.
 */
export function answerProbes(
  readiness: Readiness,
  health: { readonly isFailing: boolean },
): Middleware {
  async function findProblem(): Promise<string | undefined> {
    if (health.isFailing) return 'a health check fails';
    return (await readiness.isReady()) ? undefined : 'storage cannot be written';
  }

  return async function answerProbes(context, next) {
    const isReadiness = context.path === '/readyz';
    if (!isReadiness && context.path !== '/livez') return next();
    const problem = isReadiness ? await findProblem() : undefined;
    context.status = problem === undefined ? 200 : 503;
    context.set('Cache-Control', 'no-store');
    context.body = `${problem ?? 'ok'}\n`;
  };
}
