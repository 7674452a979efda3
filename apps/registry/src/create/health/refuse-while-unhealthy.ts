import { RegistryError } from '@purser/core';
import { renderError } from '@purser/http-api';
import type { Middleware } from 'koa';

/**
 * Answers 503 to everything while a health check fails.
 *
 * @see distribution, registry/registry.go and health/health.go, `Handler`.
 */
export function refuseWhileUnhealthy(health: { readonly isFailing: boolean }): Middleware {
  return async function refuseWhileUnhealthy(context, next) {
    if (!health.isFailing) return next();
    renderError(
      context,
      new RegistryError('UNAVAILABLE', {
        message: 'service unavailable',
        detail: 'health check failed: please see /debug/health',
      }),
    );
  };
}
