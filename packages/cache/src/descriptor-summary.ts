import type { Descriptor } from '@purser/core';

/**
 * What is remembered of a descriptor: annotations and embedded data can be large, and no one asks a cache for them.
 *
 * @throws TypeError when the size is no safe integer of 0 or more.
 */
export function descriptorSummary({ mediaType, digest, size }: Descriptor): Descriptor {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new TypeError(`a descriptor's size must be a safe integer of 0 or more, not ${size}`);
  }
  return Object.freeze({ mediaType, digest, size });
}
