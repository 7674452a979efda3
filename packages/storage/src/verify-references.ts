import {
  RegistryError,
  type BlobStatter,
  type Manifest,
  type ManifestReference,
  type OperationOptions,
} from '@purser/core';
import { batches } from './batches.ts';
import { isRequired, type ReferencePolicy } from './policy.ts';

/** How many references are looked up at a time. */
const CONCURRENCY = 16;

/** Where the content that a manifest refers to is looked for, and how much of it must be there. */
export interface ReferenceSources {
  readonly blobs: BlobStatter;
  readonly manifests: BlobStatter;
  readonly policy: ReferencePolicy;
}

/**
 * Checks once, for every format, that a repository has what a manifest refers to.
 *
 * @throws RegistryError `MANIFEST_BLOB_UNKNOWN`, one for each missing digest, in the order of the manifest.
 * @see OCI distribution-spec, "Pushing manifests".
 */
export async function verifyReferences(
  { references }: Manifest,
  sources: ReferenceSources,
  options?: OperationOptions,
): Promise<void> {
  const required = new Map(
    references
      .filter((reference) => isRequired(reference, sources.policy))
      .map((reference) => [`${reference.kind} ${reference.descriptor.digest}`, reference]),
  );
  const missing: ManifestReference[] = [];
  for (const batch of batches([...required.values()], CONCURRENCY)) {
    const found = await Promise.all(
      batch.map(({ kind, descriptor }) =>
        (kind === 'blob' ? sources.blobs : sources.manifests).stat(descriptor.digest, options),
      ),
    );
    missing.push(...batch.filter((_, index) => found[index] === undefined));
  }
  const [first, ...related] = missing.map(unknownReference);
  if (first === undefined) return;
  throw new RegistryError(first.code, { message: first.message, detail: first.detail, related });
}

function unknownReference({ kind, descriptor: { digest } }: ManifestReference): RegistryError {
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', {
    message: `the manifest refers to a ${kind} that this repository does not have: push it first`,
    detail: { digest },
  });
}
