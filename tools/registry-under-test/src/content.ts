import { createCipheriv, createHash } from 'node:crypto';
import { Random } from './random.ts';

/** Names content that can be made again at any time. */
export interface ContentName {
  readonly seed: number;
  /** Bytes. */
  readonly size: number;
}

/** Named content with its digest. */
export interface SampleBlob extends ContentName {
  readonly digest: string;
}

/** Large enough that the pieces cut out of it make content that does not compress and does not repeat. */
const BLOCK_SIZE = 8 * 1024 * 1024;
/** A piece handed to the socket at a time: few system calls, little memory. */
const CHUNK_SIZE = 256 * 1024;

/**
 * Makes pseudo-random content of any size from a few bytes of name. Every chunk is a view of one shared block, at an
 * offset that the name decides, so that making content costs next to nothing beside hashing and sending it.
 */
export class ContentSource {
  readonly #block: Buffer;

  /** @param seed Two sources with different seeds make different content for the same name. */
  constructor(seed: number) {
    const key = createHash('sha256').update(`content ${seed}`).digest();
    const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
    this.#block = cipher.update(Buffer.alloc(BLOCK_SIZE));
  }

  /** The content in chunks that must not be changed, from the byte `start` to before the byte `end`. */
  *chunks({ seed, size }: ContentName, start = 0, end = size): Generator<Buffer> {
    const random = new Random(seed);
    for (let position = 0; position < end; position += CHUNK_SIZE) {
      const offset = random.integer(0, BLOCK_SIZE - CHUNK_SIZE);
      const from = Math.max(start - position, 0);
      const to = Math.min(end - position, CHUNK_SIZE);
      if (from < to) yield this.#block.subarray(offset + from, offset + to);
    }
  }

  /** The content with its digest; reads it once. */
  sample(name: ContentName): SampleBlob {
    const hash = createHash('sha256');
    for (const chunk of this.chunks(name)) hash.update(chunk);
    return { ...name, digest: `sha256:${hash.digest('hex')}` };
  }
}

export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
