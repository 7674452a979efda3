import { parseStrictJsonObject, RegistryError } from '@purser/core';
import { frameOf, isSameFrame } from './canonical-payload.ts';
import {
  createVerifier,
  MAXIMUM_SIGNATURE_SIZE,
  parseSignature,
  sortSignatures,
  type Signature,
} from './signature.ts';

/** More than anyone signs one document; a repository could collect any number, and each pull looks at them. */
const MAXIMUM_PIECES = 1024;

/**
 * The signatures among pieces that were kept beside a document: those that can be read, fit its frame and hold. Each
 * once, sorted; the first of them when there are more than can be served.
 */
export function selectSignatures(
  canonical: Uint8Array,
  pieces: readonly Uint8Array[],
  maximum: number,
): readonly Signature[] {
  const frame = frameOf(canonical);
  const holds = createVerifier(canonical);
  const different = new Map(
    pieces
      .toSorted((a, b) => Buffer.compare(a, b))
      .slice(0, MAXIMUM_PIECES)
      .flatMap(readPiece)
      .filter((signature) => isSameFrame(signature.frame, frame))
      .map((signature) => [identityOf(signature), signature]),
  );
  return sortSignatures([...different.values()])
    .values()
    .filter(holds)
    .take(maximum)
    .toArray();
}

function readPiece(piece: Uint8Array): readonly Signature[] {
  if (piece.byteLength > MAXIMUM_SIGNATURE_SIZE) return [];
  try {
    return [parseSignature(parseStrictJsonObject(piece))];
  } catch (error) {
    if (RegistryError.is(error, 'MANIFEST_INVALID', 'MANIFEST_UNVERIFIED')) return [];
    throw error;
  }
}

/** What two copies of one signature have in common, however they are written. */
export function identityOf({ key, text, protected: protectedText }: Signature): string {
  return `${key.id} ${protectedText} ${text}`;
}
