import { routes } from '@purser/core';
import { answerJson } from '../answers.ts';
import { queryOf, type Call, type MethodTable } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { collectPage, invalidCount, nextLink, requestedCount, startOf } from '../pagination.ts';

const DEFAULT_COUNT = 100;

/** @see distribution, `GET /v2/_catalog`. */
export const catalog: MethodTable<Call> = { GET: listRepositories, HEAD: listRepositories };

async function listRepositories(call: Call): Promise<void> {
  const { context, settings } = call;
  const query = queryOf(call);
  const count = requestedCount(query) ?? Math.min(DEFAULT_COUNT, settings.maximumCatalogEntries);
  if (count > settings.maximumCatalogEntries) {
    const message = `n must not be more than ${settings.maximumCatalogEntries}`;
    throw invalidCount(query.get('n') ?? '', message);
  }
  const signal = departureSignal(context);
  const { entries, next } = await collectPage(
    (limit) => settings.registry.repositories({ after: startOf(query), limit, signal }),
    count,
  );
  if (next !== undefined) {
    context.set('Link', nextLink(settings.urls.link(context, routes.catalog.pattern), next));
  }
  answerJson(context, { repositories: entries });
}
