import type { Caller, Repository } from '@purser/core';
import type { Context } from 'koa';
import type { Settings } from './options.ts';
import { splitTarget } from './request-target.ts';
import type { RepositoryNames, RequestedRepository } from './served-repository.ts';

/** What a handler is given: the request, and what its path names. */
export interface Call<Parameters = unknown> {
  readonly context: Context;
  readonly settings: Settings;
  readonly parameters: Parameters;
  /** Who asks, when there is a controller to tell; he may do what the method and the path say. */
  readonly caller: Caller | undefined;
  /** Absent where the request is for the registry and not for a repository. */
  readonly names: RepositoryNames | undefined;
}

/** A call to an endpoint of one repository. */
export interface RepositoryCall<Parameters = unknown> extends Call<Parameters> {
  readonly repository: Repository;
  /** For what the client reads: its own name of the repository, in links to further pages. */
  readonly requested: RequestedRepository;
}

export type Handler<C> = (call: C) => Promise<void> | void;

export type Method = 'DELETE' | 'GET' | 'HEAD' | 'PATCH' | 'POST' | 'PUT';

/** What an endpoint does by method. */
export type MethodTable<C> = { readonly [M in Method]?: Handler<C> };

/** The query parameters. Of one given twice, the first counts, as in distribution; unknown ones are ignored. */
export function queryOf({ context }: Call): URLSearchParams {
  return new URLSearchParams(splitTarget(context.url).query);
}
