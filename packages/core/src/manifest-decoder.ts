import { RegistryError } from './errors.ts';
import type { Manifest, ManifestFormat } from './manifest.ts';
import { bareMediaType } from './media-type.ts';
import { isTwoKinds } from './manifest-document.ts';
import { decodeOrSalvage, parseStored } from './stored-manifest.ts';
import { parseStrictJsonObject, type JsonObject } from './strict-json.ts';

/** Turns bytes into manifests by the formats it was made with. */
export interface ManifestDecoder {
  /** The media types it can decode, in the order of registration. */
  readonly mediaTypes: readonly string[];

  /**
   * Decodes what a client pushes.
   *
   * @param contentType A `Content-Type` value; its parameters are ignored.
   * @throws RegistryError `MANIFEST_INVALID` when the type is missing or not registered, differs from the document's
   * own `mediaType`, or the document is malformed: not UTF-8, not a JSON object, nested more than 64 deep, a member
   * named twice, or whatever the format finds; `MANIFEST_UNVERIFIED` when a seal of the document does not hold.
   */
  decode(payload: Uint8Array, contentType: string | undefined): Manifest;

  /**
   * Decodes what another registry serves, which judged it when it was pushed there. Documents that a registry more
   * lenient than this one accepted are decoded like stored ones.
   *
   * @param contentType The `Content-Type` of the response; its parameters are ignored.
   * @throws RegistryError `MANIFEST_INVALID` when the type is missing or not registered, differs from the document's
   * own `mediaType` or its shape, the document is no JSON object, or is an image and an index at once;
   * `MANIFEST_UNVERIFIED` when a seal of the document does not hold.
   */
  decodeServed(payload: Uint8Array, contentType: string | undefined): Manifest;

  /**
   * Decodes what a registry stored, which did not store its type: by the document's `mediaType`, or its shape.
   * Documents that an older or more lenient registry accepted are not judged again beyond what reading them needs.
   *
   * @param stored The canonical bytes.
   * @param detached The pieces kept beside them, for formats whose manifests have such. Default: none.
   * @throws RegistryError `MANIFEST_INVALID` when no registered format fits.
   */
  decodeStored(stored: Uint8Array, detached?: readonly Uint8Array[]): Manifest;
}

/** @throws TypeError when two formats are sent as one media type. */
export function createManifestDecoder(formats: readonly ManifestFormat[]): ManifestDecoder {
  const mediaTypes = formats.map(({ mediaType }) => mediaType);
  const formatsByType = indexByType(formats);

  function formatFor(mediaType: string): ManifestFormat {
    const format = formatsByType.get(mediaType);
    if (format !== undefined) return format;
    const expected = `expected one of ${mediaTypes.join(', ')}`;
    throw invalid(
      mediaType === ''
        ? `no valid content type for the manifest: ${expected}`
        : `unsupported manifest media type ${mediaType}: ${expected}`,
    );
  }

  function decode(payload: Uint8Array, contentType: string | undefined): Manifest {
    const format = formatFor(bareMediaType(contentType) ?? shorten(contentType?.trim() ?? ''));
    const document = parseStrictJsonObject(payload);
    checkOwnMediaType(document, format.mediaType);
    return format.decode(payload, document);
  }

  /** The format as which a document without a `Content-Type` is read. */
  function storedFormatOf(document: JsonObject): ManifestFormat | undefined {
    const own = document['mediaType'];
    if (typeof own === 'string' && own !== '') return formatFor(own);
    return formats.find((candidate) => candidate.recognizes(document));
  }

  return {
    mediaTypes,
    decode,

    decodeServed(payload, contentType) {
      try {
        return decode(payload, contentType);
      } catch (error) {
        const format = formatsByType.get(bareMediaType(contentType) ?? '');
        // A sealed document can only be read as a whole.
        const isLenient = format !== undefined && format.decodeStored === undefined;
        if (!isLenient || !RegistryError.is(error, 'MANIFEST_INVALID')) throw error;
        const document = parseStored(payload);
        if (storedFormatOf(document) !== format || isTwoKinds(document)) throw error;
        return decodeOrSalvage(format, payload, document);
      }
    },

    decodeStored(stored, detached = []) {
      const document = parseStored(stored);
      const format = storedFormatOf(document);
      if (format === undefined)
        throw invalid('the stored manifest has the shape of no known format');
      if (format.decodeStored !== undefined) return format.decodeStored(stored, document, detached);
      return decodeOrSalvage(format, stored, document);
    },
  };
}

function indexByType(formats: readonly ManifestFormat[]): ReadonlyMap<string, ManifestFormat> {
  const formatsByType = new Map<string, ManifestFormat>();
  for (const format of formats) {
    for (const mediaType of [format.mediaType, ...(format.alsoSentAs ?? [])]) {
      if (formatsByType.has(mediaType)) {
        throw new TypeError(`two manifest formats are sent as ${mediaType || 'no media type'}`);
      }
      formatsByType.set(mediaType, format);
    }
  }
  return formatsByType;
}

// One document that two clients read as two types is CVE-2021-41190.
function checkOwnMediaType(document: JsonObject, expected: string): void {
  const own = document['mediaType'];
  if (own === undefined || own === null || own === '' || own === expected) return;
  throw invalid(`mediaType of the manifest is ${shorten(own)}, but it was sent as ${expected}`);
}

function shorten(value: unknown): string {
  return (typeof value === 'string' ? value : typeof value).slice(0, 255);
}

function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_INVALID', { message, detail: { reason: message }, cause });
}
