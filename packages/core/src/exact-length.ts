import { RegistryError } from './errors.ts';

/**
 * Passes content on, and fails when it is not as long as announced: bytes beyond are not passed on.
 *
 * @param length In bytes; unchecked when `undefined`.
 * @throws RegistryError `SIZE_INVALID`.
 */
export async function* exactLength(
  length: number | undefined,
  content: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  let remaining = length ?? Infinity;
  for await (const chunk of content) {
    remaining -= chunk.byteLength;
    if (remaining < 0) throw wrongLength(length);
    yield chunk;
  }
  if (length !== undefined && remaining > 0) throw wrongLength(length);
}

function wrongLength(length: number | undefined): RegistryError {
  return new RegistryError('SIZE_INVALID', {
    message: `the content is not as long as announced: ${length} bytes`,
    detail: { length },
  });
}
