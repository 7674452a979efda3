import { routes, type Caller, type RepositoryName } from '@purser/core';
import { answerJson } from '../answers.ts';
import { queryOf, type Call, type MethodTable } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { collectPage, invalidCount, nextLink, requestedCount, startOf } from '../pagination.ts';

const DEFAULT_COUNT = 100;

/** @see distribution, `GET /v2/_catalog`. */
export const catalog: MethodTable<Call> = { GET: listRepositories, HEAD: listRepositories };

async function listRepositories(call: Call): Promise<void> {
  const { context, settings, caller } = call;
  const query = queryOf(call);
  const count = requestedCount(query) ?? Math.min(DEFAULT_COUNT, settings.maximumCatalogEntries);
  if (count > settings.maximumCatalogEntries) {
    const message = `n must not be more than ${settings.maximumCatalogEntries}`;
    throw invalidCount(query.get('n') ?? '', message);
  }
  const start = startOf(query);
  const after = start && settings.positionSeal.open(start);
  const signal = departureSignal(context);
  const { entries, position } = await collectPage(
    ({ limit, budget }) =>
      caller?.sees === undefined
        ? settings.registry.repositories({ after, limit, budget, signal })
        : visible(settings.registry.repositories({ after, budget, signal }), caller),
    count,
  );
  if (position !== undefined) {
    const last = await positionFor(call, position as RepositoryName);
    const path = settings.urls.link(context, routes.catalog.pattern);
    context.set('Link', nextLink(path, { last, n: String(count) }));
  }
  answerJson(context, { repositories: entries });
}

/** A page can end at a repository that the caller must not know of. */
async function positionFor({ caller, settings }: Call, position: RepositoryName): Promise<string> {
  const isVisible = caller?.sees === undefined || (await caller.sees(position));
  return isVisible ? position : settings.positionSeal.seal(position);
}

/** The repositories that the caller may know of. */
async function* visible(
  names: AsyncIterable<RepositoryName>,
  caller: Caller,
): AsyncIterable<RepositoryName> {
  for await (const name of names) {
    if (await caller.sees?.(name)) yield name;
  }
}
