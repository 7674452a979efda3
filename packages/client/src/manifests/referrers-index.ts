import { isObject, parseDescriptor, RegistryError, type Descriptor } from '@purser/core';
import { invalidResponse } from '../response-errors.ts';

export const INDEX = 'application/vnd.oci.image.index.v1+json';

/**
 * Reads the members of an index of referrers.
 *
 * @throws RegistryClientError `RESPONSE_INVALID`.
 */
export function parseReferrers(document: unknown): readonly Descriptor[] {
  const manifests = isObject(document) ? (document['manifests'] ?? []) : undefined;
  if (!Array.isArray(manifests)) throw invalidResponse('a list of referrers is no image index');
  try {
    return manifests.map((entry, index) => parseDescriptor(entry, `manifests[${index}]`));
  } catch (error) {
    if (!RegistryError.is(error)) throw error;
    throw invalidResponse(`a list of referrers is malformed: ${error.message}`, error);
  }
}
