import { parseDigest, routes, type Descriptor } from '@purser/core';
import { queryOf, type MethodTable, type RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { nextLink, startOf } from '../pagination.ts';

type ReferrersCall = RepositoryCall<{ readonly digest: string }>;

/** @see OCI distribution-spec, end-12. */
export const referrers: MethodTable<ReferrersCall> = { GET: listReferrers, HEAD: listReferrers };

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** Answers with an index of what refers to a digest: an empty one for a digest that nobody knows. */
async function listReferrers(call: ReferrersCall): Promise<void> {
  const { context, repository, settings, requested } = call;
  const digest = parseDigest(call.parameters.digest);
  const query = queryOf(call);
  // A plus sign that the client forgot to encode; a media type has no spaces.
  const artifactType = query.get('artifactType')?.replaceAll(' ', '+') || undefined;
  const entries = repository.referrers.list(digest, {
    artifactType,
    after: startOf(query),
    signal: departureSignal(context),
  });
  const { manifests, isWhole } = await collectIndex(entries, settings.maximumManifestSize);
  if (artifactType !== undefined) context.set('OCI-Filters-Applied', 'artifactType');
  if (!isWhole) {
    const path = routes.referrers.format({ name: requested.name, digest });
    const next = new URLSearchParams({ last: manifests.at(-1)?.digest ?? '' });
    if (artifactType !== undefined) next.set('artifactType', artifactType);
    const link = settings.urls.link(context, path);
    context.set('Link', nextLink(link, next.toString(), requested.namespace));
  }
  context.set('Content-Type', INDEX);
  context.body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
}

/** Takes as many referrers as fit into a manifest, and one at least. */
async function collectIndex(entries: AsyncIterable<Descriptor>, maximumSize: number) {
  const manifests: Descriptor[] = [];
  let size = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }).length;
  for await (const entry of entries) {
    size += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (size > maximumSize && manifests.length > 0) return { manifests, isWhole: false };
    manifests.push(entry);
  }
  return { manifests, isWhole: true };
}
