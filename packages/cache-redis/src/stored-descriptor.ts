import { isDigest, isMediaType, OCTET_STREAM, type Descriptor } from '@purser/core';

/** No size that a number holds exactly has more digits. */
const SIZE = /^[0-9]{1,16}$/;

const LONGEST_MEDIA_TYPE = 255;

/** A value of Redis that may be anything: what is there, or nothing. */
export type StoredText = string | null | undefined;

/** Reads the parts of a descriptor; `undefined` unless they are those of one. */
export function parseStored(
  digest: StoredText,
  size: StoredText,
  mediaType: StoredText,
): Descriptor | undefined {
  if (!isText(digest) || !isDigest(digest) || !isText(size) || !SIZE.test(size)) return undefined;
  if (!Number.isSafeInteger(Number(size))) return undefined;
  // distribution writes an empty media type, or none, for content of which it knows nothing.
  const type = isText(mediaType) && mediaType !== '' ? mediaType : OCTET_STREAM;
  if (type.length > LONGEST_MEDIA_TYPE || !isMediaType(type)) return undefined;
  return { mediaType: type, digest, size: Number(size) };
}

/**
 * The parts of a descriptor as they are stored.
 *
 * @throws TypeError when its size is no safe integer of 0 or more.
 */
export function formatStored({ mediaType, digest, size }: Descriptor) {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new TypeError(`a descriptor's size must be a safe integer of 0 or more, not ${size}`);
  }
  return { digest, size: String(size), mediaType };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
