import {
  RegistryError,
  type BlobStatter,
  type Manifest,
  type ManifestReference,
  type OperationOptions,
} from '@purser/core';
import { batches } from './batches.ts';
import { isRequired, type ReferencePolicy } from './policy.ts';
import type { Walks } from './walks.ts';

/** How many references are looked up at a time. */
const CONCURRENCY = 16;
/** How many missing references an error describes. The search ends with them. */
const MOST_DESCRIBED = 100;

/** Where the content that a manifest refers to is looked for, and how much of it must be there. */
export interface ReferenceSources {
  readonly blobs: BlobStatter;
  readonly manifests: BlobStatter;
  readonly policy: ReferencePolicy;
  readonly walks: Walks;
}

/**
 * Checks once, for every format, that a repository has what a manifest refers to.
 *
 * @throws RegistryError `MANIFEST_BLOB_UNKNOWN`, one for each of the first 100 missing digests, in the order of the
 * manifest, and then one that counts the references that were not looked up.
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
  using walk = sources.walks.begin(options);
  const missing: ManifestReference[] = [];
  let unchecked = required.size;
  for (const batch of batches([...required.values()], CONCURRENCY)) {
    if (missing.length >= MOST_DESCRIBED) break;
    await walk.look(batch.length);
    const found = await Promise.all(
      batch.map(({ kind, descriptor }) =>
        (kind === 'blob' ? sources.blobs : sources.manifests).stat(descriptor.digest, options),
      ),
    );
    for (const [index, reference] of batch.entries()) {
      if (found[index] === undefined) missing.push(reference);
    }
    unchecked -= batch.length;
  }
  const undescribed = unchecked + Math.max(missing.length - MOST_DESCRIBED, 0);
  const errors = missing.slice(0, MOST_DESCRIBED).map(unknownReference);
  if (undescribed > 0) errors.push(uncheckedReferences(undescribed));
  const [first, ...related] = errors;
  if (first === undefined) return;
  throw new RegistryError(first.code, { message: first.message, detail: first.detail, related });
}

function uncheckedReferences(count: number): RegistryError {
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', {
    message: `${count} more references of the manifest may be missing: push what is missing and retry`,
    detail: { unchecked: count },
  });
}

function unknownReference({ kind, descriptor: { digest } }: ManifestReference): RegistryError {
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', {
    message: `the manifest refers to a ${kind} that this repository does not have: push it first`,
    detail: { digest },
  });
}
