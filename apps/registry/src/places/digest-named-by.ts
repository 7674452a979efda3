import {
  isDigest,
  RegistryError,
  type Digest,
  type OperationOptions,
  type Repository,
  type Tag,
} from '@purser/core';

/** @throws RegistryError `MANIFEST_UNKNOWN` when there is no such tag. */
export async function digestNamedBy(
  { name, tags }: Repository,
  reference: Tag | Digest,
  options?: OperationOptions,
): Promise<Digest> {
  if (isDigest(reference)) return reference;
  const digest = await tags.get(reference, options);
  if (digest !== undefined) return digest;
  throw new RegistryError('MANIFEST_UNKNOWN', {
    message: `there is no tag ${reference} in ${name}`,
    detail: { tag: reference },
  });
}
