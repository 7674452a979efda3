import { routes } from '@purser/core';
import { answerJson } from '../answers.ts';
import { queryOf, type MethodTable, type RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { collectPage, nextLink, requestedCount, startOf } from '../pagination.ts';

/** @see OCI distribution-spec, end-8. */
export const tags: MethodTable<RepositoryCall> = { GET: listTags, HEAD: listTags };

/** Without `n`, clients of distribution expect all tags. Few repositories have more than this. */
const MOST_WITHOUT_COUNT = 10_000;

async function listTags(call: RepositoryCall): Promise<void> {
  const { context, settings, repository, requested } = call;
  // The client's own name: clients compare it, and follow the link with the rights that they have.
  const { name, namespace } = requested;
  const query = queryOf(call);
  const asked = requestedCount(query);
  const count = asked === undefined ? undefined : Math.min(asked, settings.maximumTags);
  const signal = departureSignal(context);
  const { entries, position } = await collectPage(
    (bounds) => repository.tags.list({ ...bounds, after: startOf(query), signal }),
    count ?? Math.max(MOST_WITHOUT_COUNT, settings.maximumTags),
  );
  if (position !== undefined) {
    const path = settings.urls.link(context, routes.tags.format({ name }));
    const next = { last: position, ...(count !== undefined && { n: String(count) }) };
    context.set('Link', nextLink(path, next, namespace));
  }
  answerJson(context, { name, tags: entries });
}
