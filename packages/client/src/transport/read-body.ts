import type { Readable } from 'node:stream';
import { RegistryClientError } from './registry-client-error.ts';

/** What was answered, as far as reading it goes. */
export interface ReadableAnswer {
  readonly body: Readable;
}

/**
 * Reads the whole body of an answer, and destroys it when it is too long.
 *
 * @throws RegistryClientError `RESPONSE_INVALID` when it is longer than `maximumBytes`; what the body fails with.
 */
export async function readBytes(
  { body }: ReadableAnswer,
  maximumBytes: number,
): Promise<Uint8Array> {
  const { bytes, whole } = await readAtMost(body, maximumBytes);
  if (whole) return bytes;
  throw new RegistryClientError('RESPONSE_INVALID', {
    message: `the answer is longer than ${maximumBytes} bytes`,
    detail: { maximumBytes },
  });
}

/** The text of `readBytes`, as UTF-8; what is not UTF-8 becomes U+FFFD. */
export async function readText(answer: ReadableAnswer, maximumBytes: number): Promise<string> {
  return new TextDecoder().decode(await readBytes(answer, maximumBytes));
}

/**
 * Reads the first `maximumBytes` at most, and destroys the rest.
 *
 * @param withinMs After so many milliseconds the body is destroyed, and fails. Default: no limit but its own.
 */
export async function readAtMost(
  body: Readable,
  maximumBytes: number,
  withinMs?: number,
): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const timer = withinMs === undefined ? undefined : setTimeout(() => body.destroy(), withinMs);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      size += chunk.byteLength;
      // Leaving the loop destroys the stream.
      if (size > maximumBytes) break;
    }
  } finally {
    clearTimeout(timer);
  }
  const bytes = Buffer.concat(chunks);
  return { bytes: bytes.subarray(0, maximumBytes), whole: size <= maximumBytes };
}

/** An answer of more bytes, or one that takes longer, costs more than a new connection does. */
const LONGEST_DRAINED = 64 * 1024;
const LONGEST_DRAINED_MS = 1000;

/** Takes an answer that nobody wants off its connection, which can then be used again if the answer is short. */
export async function discard({ body }: ReadableAnswer): Promise<void> {
  // A failure here is of no interest to anyone: the answer was given up.
  await readAtMost(body, LONGEST_DRAINED, LONGEST_DRAINED_MS).catch(() => {});
}
