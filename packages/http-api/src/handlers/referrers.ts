import { parseDigest, routes, type Descriptor, type ListBudget } from '@purser/core';
import { queryOf, type MethodTable, type RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { nextLink, startOf } from '../pagination.ts';

type ReferrersCall = RepositoryCall<{ readonly digest: string }>;

/** @see OCI distribution-spec, end-12. */
export const referrers: MethodTable<ReferrersCall> = { GET: listReferrers, HEAD: listReferrers };

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** Referrers that one answer looks at, whether the filter lets them in or not. Each takes some reads. */
const MOST_LOOKED_AT = 200;

/** Answers with an index of what refers to a digest: an empty one for a digest that nobody knows. */
async function listReferrers(call: ReferrersCall): Promise<void> {
  const { context, repository, settings, requested } = call;
  const digest = parseDigest(call.parameters.digest);
  const query = queryOf(call);
  // A plus sign that the client forgot to encode; a media type has no spaces.
  const artifactType = query.get('artifactType')?.replaceAll(' ', '+') || undefined;
  const list = (budget: ListBudget) =>
    repository.referrers.list(digest, {
      artifactType,
      after: startOf(query),
      budget,
      signal: departureSignal(context),
    });
  const { manifests, position } = await collectIndex(list, settings.maximumManifestSize);
  if (artifactType !== undefined) context.set('OCI-Filters-Applied', 'artifactType');
  if (position !== undefined) {
    const path = routes.referrers.format({ name: requested.name, digest });
    const next = { last: position, ...(artifactType !== undefined && { artifactType }) };
    const link = settings.urls.link(context, path);
    context.set('Link', nextLink(link, next, requested.namespace));
  }
  context.set('Content-Type', INDEX);
  context.body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
}

/**
 * Takes as many referrers as fit into a manifest, and one at least.
 *
 * @returns With the digest after which the next index begins; `undefined` when none follows.
 */
async function collectIndex(
  list: (budget: ListBudget) => AsyncIterable<Descriptor>,
  maximumSize: number,
) {
  const manifests: Descriptor[] = [];
  let position: string | undefined;
  const onSpent = (spentAt: string) => void (position = spentAt);
  let size = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }).length;
  for await (const entry of list({ entries: MOST_LOOKED_AT, onSpent })) {
    size += Buffer.byteLength(JSON.stringify(entry)) + 1;
    const last = manifests.at(-1);
    if (size > maximumSize && last !== undefined) return { manifests, position: last.digest };
    manifests.push(entry);
  }
  return { manifests, position };
}
