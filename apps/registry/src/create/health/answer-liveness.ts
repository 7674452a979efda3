import type { Middleware } from 'koa';

/**
 * Answers `/` with an empty 200 for whoever asks whether the process lives.
 *
 * @see distribution, registry/registry.go, `alive`.
 */
export function answerLiveness(): Middleware {
  return async function answerLiveness(context, next) {
    if (context.path !== '/') return next();
    context.status = 200;
    context.set('Cache-Control', 'no-cache');
    context.body = '';
    context.remove('Content-Type');
  };
}
