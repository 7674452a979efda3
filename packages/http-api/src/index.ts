/**
 * The registry HTTP API as Koa middleware over any Registry.
 *
 * ```ts
 * import { createServer } from 'node:http';
 * import { createManifestDecoder, type ManifestFormat, type Registry } from '@purser/core';
 * import { createRequestHandler } from '@purser/http-api';
 *
 * export function serve(registry: Registry, formats: readonly ManifestFormat[]) {
 *   const decoder = createManifestDecoder(formats);
 *   return createServer(createRequestHandler({ registry, decoder })).listen(5000);
 * }
 * ```
 *
 * @packageDocumentation
 */
export { createRegistryApi } from './registry-api.ts';
export { createRequestHandler } from './create-request-handler.ts';
export {
  createFetchHandler,
  type FetchConnection,
  type FetchHandler,
} from './fetch/create-fetch-handler.ts';
export type { AnswerFacts, RegistryApiOptions, RequestFacts } from './options.ts';
export { PROTECTIVE_HEADERS } from './protective-headers.ts';
export { renderedError, renderError, type RenderedError } from './render-errors.ts';
export type {
  RepositoryResolver,
  RequestedRepository,
  ServedRepository,
} from './served-repository.ts';
export type { WriteGate } from './write-gate.ts';
