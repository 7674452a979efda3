import type { Middleware } from 'koa';
import type { Readiness } from './readiness.ts';

/**
 * Answers probes with 200 or 503, without authorization: `/livez` while the process lives, `/readyz` while pulls can be
 * served, `/readyz/write` while pushes can be served, too. The log says why they cannot.
 */
export function answerProbes(
  readiness: Readiness,
  health: { readonly isFailing: boolean; readonly isStopping: boolean },
): Middleware {
  async function findProblem(): Promise<string | undefined> {
    if (health.isStopping) return 'the server is stopping';
    if (health.isFailing) return 'a health check fails';
    return (await readiness.canRead()) ? undefined : 'storage cannot be read';
  }

  async function findProblemOfWrites(): Promise<string | undefined> {
    if (health.isStopping) return 'the server is stopping';
    if (health.isFailing) return 'a health check fails';
    const canWrite = await readiness.canWrite();
    if (canWrite === undefined) return 'the registry is read-only';
    return canWrite ? undefined : 'storage cannot be written';
  }

  const probes: ReadonlyMap<string, () => Promise<string | undefined>> = new Map([
    ['/livez', async () => undefined],
    ['/readyz', findProblem],
    ['/readyz/write', findProblemOfWrites],
  ]);

  return async function answerProbes(context, next) {
    const probe = probes.get(context.path);
    if (probe === undefined) return next();
    const problem = await probe();
    context.status = problem === undefined ? 200 : 503;
    context.set('Cache-Control', 'no-store');
    context.body = `${problem ?? 'ok'}\n`;
  };
}
