/**
 * Serves the repositories of other registries through a local one, and keeps what was pulled.
 *
 * ```ts
 * import { withPullThrough } from '@purser/pull-through';
 * import { createMemoryRegistry } from '@purser/core/testing';
 *
 * const upstream = { name: 'registry.example', registry: createMemoryRegistry() };
 * await using registry = withPullThrough(createMemoryRegistry(), { upstreams: [upstream] });
 * await registry.start();
 * ```
 *
 * @packageDocumentation
 */
export { systemClock, type Clock } from './clock.ts';
export type { ExpiryStateStore } from './expiry-state.ts';
export type { Content, PullThroughEvent, PullThroughObserver } from './observer.ts';
export type { PullRequest } from './pull-context.ts';
export type { NamedRepository, ResolvedRepository, Upstream } from './upstreams.ts';
export { withPullThrough, type PullThrough, type PullThroughOptions } from './with-pull-through.ts';
