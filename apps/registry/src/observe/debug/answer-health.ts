import type { Middleware } from 'koa';

/** What is wrong, by the name of the check; empty when nothing is. */
export type HealthReport = Readonly<Record<string, string>>;

/**
 * Answers `/debug/health` with the checks that fail: 200 and `{}` when none does, else 503.
 *
 * @see distribution, health/health.go, `StatusHandler`.
 */
export function answerHealth(report: () => HealthReport | Promise<HealthReport>): Middleware {
  return async function answerHealth(context, next) {
    if (context.path !== '/debug/health') return next();
    const failing = await report();
    context.status = Object.keys(failing).length === 0 ? 200 : 503;
    context.body = JSON.stringify(failing);
    context.set('Content-Type', 'application/json');
  };
}
