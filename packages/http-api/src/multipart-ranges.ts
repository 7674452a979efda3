import type { Readable } from 'node:stream';
import { OCTET_STREAM, type ByteRange } from '@purser/core';
import { lengthOf } from './content-range.ts';
import type { Content } from './send-content.ts';

/** Maximum number of bytes between two ranges that are read and dropped, which costs less than opening the content again. */
const MAXIMUM_GAP = 64 * 1024;

/** Opens the part of a blob that lies in one range. */
export type OpenRange = (range: ByteRange) => Promise<Readable>;

/**
 * Several parts of a blob as one `multipart/byteranges` body, one part for each range in the order of the request. Ranges are
 * not merged: clients match parts to ranges by their order.
 *
 * @see RFC 9110, section 14.6.
 */
export class MultipartRanges {
  readonly contentType: string;
  /** In bytes. */
  readonly contentLength: number;
  readonly #parts: readonly Part[];
  readonly #end: string;

  /** @param size Size of the whole blob, in bytes. */
  constructor(ranges: readonly ByteRange[], size: number) {
    const boundary = crypto.randomUUID();
    this.contentType = `multipart/byteranges; boundary=${boundary}`;
    this.#end = `\r\n--${boundary}--\r\n`;
    this.#parts = ranges.map((range, index) => {
      const lines = [
        index === 0 ? `--${boundary}` : `\r\n--${boundary}`,
        `Content-Range: bytes ${range.start}-${range.end}/${size}`,
        `Content-Type: ${OCTET_STREAM}`,
      ];
      return { range, head: `${lines.join('\r\n')}\r\n\r\n` };
    });
    this.contentLength = this.#parts.reduce(
      (total, { head, range }) => total + head.length + lengthOf(range),
      this.#end.length,
    );
  }

  /** Content is opened one group of near ranges at a time, the first one before the first byte is given. Its chunks may be lent. */
  read(open: OpenRange): Content {
    const opened = { content: undefined as Readable | undefined };
    return {
      [Symbol.asyncIterator]: () => this.#bodyOf(open, opened),
      destroy: () => opened.content?.destroy(),
    };
  }

  async *#bodyOf(
    open: OpenRange,
    opened: { content: Readable | undefined },
  ): AsyncGenerator<Uint8Array> {
    for (const group of nearParts(this.#parts)) {
      const { start } = group[0]!.range;
      const content = await open({ start, end: group.at(-1)!.range.end });
      opened.content = content;
      try {
        yield* cut(content, group);
      } finally {
        content.destroy();
      }
    }
    yield Buffer.from(this.#end, 'latin1');
  }
}

interface Part {
  readonly range: ByteRange;
  /** The boundary and the headers that precede the content. */
  readonly head: string;
}

/** Groups parts whose ranges follow each other in ascending order with small gaps, so that content is opened once for all of them. */
function nearParts(parts: readonly Part[]): readonly (readonly Part[])[] {
  const groups: Part[][] = [];
  let end = -Infinity;
  for (const part of parts) {
    const gap = part.range.start - end - 1;
    if (gap >= 0 && gap <= MAXIMUM_GAP) groups.at(-1)!.push(part);
    else groups.push([part]);
    end = part.range.end;
  }
  return groups;
}

/** @param content Begins at the start of the first part. */
async function* cut(content: Readable, parts: readonly Part[]): AsyncGenerator<Uint8Array> {
  const chunks = content[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    yield* cutChunks(chunks, parts);
  } finally {
    await chunks.return?.();
  }
}

async function* cutChunks(
  chunks: AsyncIterator<Uint8Array>,
  parts: readonly Part[],
): AsyncGenerator<Uint8Array> {
  let position = parts[0]!.range.start;
  let rest: Uint8Array = Buffer.alloc(0);
  for (const { head, range } of parts) {
    yield Buffer.from(head, 'latin1');
    while (position <= range.end) {
      if (rest.length === 0) rest = await nextOf(chunks);
      const gap = Math.min(Math.max(range.start - position, 0), rest.length);
      const length = Math.min(rest.length - gap, range.end + 1 - position - gap);
      if (length > 0) yield rest.subarray(gap, gap + length);
      position += gap + length;
      rest = rest.subarray(gap + length);
    }
  }
}

async function nextOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const { done, value } = await chunks.next();
  if (done !== true) return value;
  throw new Error('the content ended before its last range');
}
