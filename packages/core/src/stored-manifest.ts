import { OCTET_STREAM, type Descriptor } from './descriptor.ts';
import { isDigest } from './digest.ts';
import { RegistryError } from './errors.ts';
import type { Manifest, ManifestFormat, ManifestReference } from './manifest.ts';
import { isObject, type JsonObject } from './strict-json.ts';

/**
 * Reads a stored document as JSON, without the checks of a push.
 *
 * @throws RegistryError `MANIFEST_INVALID` when it is no JSON object.
 */
export function parseStored(payload: Uint8Array): JsonObject {
  try {
    const document: unknown = JSON.parse(Buffer.from(payload).toString());
    if (isObject(document)) return document;
  } catch (error) {
    throw new RegistryError('MANIFEST_INVALID', {
      message: 'the stored manifest is not JSON',
      cause: error,
    });
  }
  throw new RegistryError('MANIFEST_INVALID', {
    message: 'the stored manifest is not a JSON object',
  });
}

/** Decodes a stored document of a known format, also one that this registry would not have accepted. */
export function decodeOrSalvage(
  format: ManifestFormat,
  payload: Uint8Array,
  document: JsonObject,
): Manifest {
  try {
    return format.decode(payload, document);
  } catch (error) {
    if (!RegistryError.is(error, 'MANIFEST_INVALID')) throw error;
    return salvage(payload, document, format.mediaType);
  }
}

/**
 * What a more lenient registry accepted: its bytes as they are, and every reference that can be made out, so that a
 * client gets it and nothing that it needs is taken for garbage.
 */
function salvage(payload: Uint8Array, document: JsonObject, mediaType: string): Manifest {
  const blobs = [document['config'], ...listOf(document['layers'])];
  const manifests = listOf(document['manifests']);
  return {
    mediaType,
    payload,
    references: [
      ...blobs.flatMap((value) => lenientReference('blob', value)),
      ...manifests.flatMap((value) => lenientReference('manifest', value)),
    ],
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function lenientReference(
  kind: ManifestReference['kind'],
  value: unknown,
): readonly ManifestReference[] {
  if (!isObject(value)) return [];
  const { digest, mediaType, size } = value;
  if (typeof digest !== 'string' || !isDigest(digest)) return [];
  const descriptor: Descriptor = {
    mediaType: typeof mediaType === 'string' ? mediaType : OCTET_STREAM,
    digest,
    size: typeof size === 'number' ? size : 0,
  };
  return [{ kind, descriptor, foreign: false }];
}
