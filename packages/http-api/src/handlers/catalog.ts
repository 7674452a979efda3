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
  const signal = departureSignal(context);
  const { entries, next } = await collectPage(
    (limit) =>
      caller?.sees === undefined
        ? settings.registry.repositories({ after: startOf(query), limit, signal })
        : visible(settings.registry.repositories({ after: startOf(query), signal }), caller, limit),
    count,
  );
  if (next !== undefined) {
    context.set('Link', nextLink(settings.urls.link(context, routes.catalog.pattern), next));
  }
  answerJson(context, { repositories: entries });
}

/** The repositories that the caller may know of: as many as are wanted, however many there are in between. */
async function* visible(
  names: AsyncIterable<RepositoryName>,
  caller: Caller,
  limit = Infinity,
): AsyncIterable<RepositoryName> {
  let given = 0;
  for await (const name of names) {
    if (!(await caller.sees?.(name))) continue;
    yield name;
    if (++given >= limit) return;
  }
}
