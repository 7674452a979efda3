import { RegistryError } from '@purser/core';

/** Pieces of a body that may have any size. */
const FREE_PIECES = 10_000;
/** Least size of the pieces of a longer body on average, in bytes. */
const LEAST_AVERAGE_SIZE = 16;

/**
 * Counts the pieces in which a body arrives: the chunks of HTTP/1.1, the frames of HTTP/2. The client chooses their size,
 * and a piece of one byte costs the server as much time as one of 16 KiB.
 */
export class BodyPieces {
  #count = 0;
  #size = 0;

  /** Bytes of all pieces. */
  get size(): number {
    return this.#size;
  }

  /** @returns True if there are too many pieces for so few bytes. */
  add(piece: Uint8Array): boolean {
    this.#count++;
    this.#size += piece.byteLength;
    return this.#count > FREE_PIECES && this.#size < this.#count * LEAST_AVERAGE_SIZE;
  }
}

export function tooManyPieces(): RegistryError {
  const message = `the body arrives in too many tiny pieces: send at least ${LEAST_AVERAGE_SIZE} bytes in a chunk or frame`;
  return new RegistryError('REQUEST_MALFORMED', { message });
}
