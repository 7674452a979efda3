import { routes } from '@purser/core';
import { answerJson } from '../answers.ts';
import { queryOf, type MethodTable, type RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { collectPage, nextLink, requestedCount, startOf } from '../pagination.ts';

/** @see OCI distribution-spec, end-8. */
export const tags: MethodTable<RepositoryCall> = { GET: listTags, HEAD: listTags };

async function listTags(call: RepositoryCall): Promise<void> {
  const { context, settings, repository, requested } = call;
  // The client's own name: clients compare it, and follow the link with the rights that they have.
  const { name, namespace } = requested;
  const query = queryOf(call);
  const asked = requestedCount(query);
  const signal = departureSignal(context);
  const { entries, next } = await collectPage(
    (limit) => repository.tags.list({ after: startOf(query), limit, signal }),
    asked === undefined ? undefined : Math.min(asked, settings.maximumTags),
  );
  if (next !== undefined) {
    const path = settings.urls.link(context, routes.tags.format({ name }));
    context.set('Link', nextLink(path, next, namespace));
  }
  answerJson(context, { name, tags: entries });
}
