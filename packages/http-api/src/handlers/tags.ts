import { routes } from '@purser/core';
import { answerJson } from '../answers.ts';
import { queryOf, type MethodTable, type RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { collectPage, nextLink, requestedCount, startOf } from '../pagination.ts';

/** @see OCI distribution-spec, end-8. */
export const tags: MethodTable<RepositoryCall> = { GET: listTags, HEAD: listTags };

async function listTags(call: RepositoryCall): Promise<void> {
  const { context, settings, repository } = call;
  const { name } = repository;
  const query = queryOf(call);
  const asked = requestedCount(query);
  const signal = departureSignal(context);
  const { entries, next } = await collectPage(
    (limit) => repository.tags.list({ after: startOf(query), limit, signal }),
    asked === undefined ? undefined : Math.min(asked, settings.maximumTags),
  );
  if (next !== undefined) {
    context.set('Link', nextLink(settings.urls.link(context, routes.tags.format({ name })), next));
  }
  answerJson(context, { name, tags: entries });
}
