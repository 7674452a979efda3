import type { Digest, ManifestReference, OperationOptions } from '@purser/core';
import type { GraphNode } from './copy-graph.ts';
import type { CopyAction, CopyItem, CopyRequest } from './copy-plan.ts';

export interface NeededBlob extends ManifestReference {
  /** Whether a manifest that the target holds has it. */
  readonly isPresent: boolean;
}

/** Each blob once. */
export function blobsOf(
  nodes: readonly GraphNode[],
  present: ReadonlySet<Digest>,
): readonly NeededBlob[] {
  const blobs = new Map<Digest, NeededBlob>();
  for (const { digest, manifest } of nodes) {
    const isPresent = present.has(digest);
    for (const reference of manifest.references) {
      const known = blobs.get(reference.descriptor.digest);
      if (reference.kind !== 'blob' || known?.isPresent === true) continue;
      blobs.set(reference.descriptor.digest, { ...reference, isPresent });
    }
  }
  return [...blobs.values()];
}

/** Asks both sides no more than is needed to know what becomes of a blob. */
export async function planBlob(
  { from, to }: CopyRequest,
  blob: NeededBlob,
  options: OperationOptions,
): Promise<CopyItem> {
  const { descriptor } = blob;
  const item = (action: CopyAction, size = descriptor.size): CopyItem => ({
    kind: 'blob',
    descriptor: { ...descriptor, size },
    action,
  });
  // Where its manifest says where it is had, it is left there: so does skopeo.
  if (blob.foreign && (descriptor.urls ?? []).length > 0) return item('elsewhere');
  if (blob.isPresent) return item('present');
  const there = await to.blobs.stat(descriptor.digest, options);
  if (there !== undefined) return item('present', there.size);
  if (hasSize(blob)) return item('copy');
  const here = await from.blobs.stat(descriptor.digest, options);
  return here === undefined && blob.foreign ? item('elsewhere') : item('copy', here?.size);
}

/** Schema 1 does not say how large its layers are; whether a foreign one is here has to be asked anyway. */
function hasSize({ descriptor, foreign }: NeededBlob): boolean {
  return !foreign && descriptor.size > 0;
}
