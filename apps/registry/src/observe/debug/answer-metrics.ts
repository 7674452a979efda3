import type { Middleware } from 'koa';

/** Gives metrics in the Prometheus text format. */
export type MetricsSource = () => Promise<string>;

/** The media type of the Prometheus text format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function answerMetrics(path: string, render: MetricsSource): Middleware {
  return async function answerMetrics(context, next) {
    if (context.path !== path) return next();
    context.body = await render();
    context.set('Content-Type', METRICS_TYPE);
  };
}
