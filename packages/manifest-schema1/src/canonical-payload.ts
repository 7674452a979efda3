import { parseStrictJsonObject, type JsonObject } from '@purser/core';
import { invalid } from './complaint.ts';
import { encodeGoJson, type GoMembers } from './go-json.ts';

/**
 * How a document was taken apart to put signatures into it. What is signed is the document without them:
 *
 * ```
 * {"schemaVersion": 1, … ]            }       canonical: the first `length` bytes, and the tail
 * {"schemaVersion": 1, … ],"signatures":[…]}  signed:    the first `length` bytes, and the signatures
 * ```
 *
 * @see libtrust, jsonsign.go.
 */
export interface Frame {
  /** Bytes before the white space that goes before the closing brace. */
  readonly length: number;
  /** That white space, the brace, and what white space follows. */
  readonly tail: string;
}

/** What can stand around the brace that closes a document: nothing that would make it another. */
const TAIL = /^[ \t\r\n]*\}[ \t\r\n]*$/;

/** Much more than anyone indents by; it is written once for each line and level of the signatures. */
const MAXIMUM_INDENT = 64;

const WHITE_SPACE: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const CLOSING_BRACE = 0x7d;

/** Whether a tail is one that libtrust could have cut off. */
export function isTail(tail: string): boolean {
  return TAIL.test(tail);
}

/**
 * The frame that libtrust makes for a document.
 *
 * @throws RegistryError `MANIFEST_INVALID` when it does not end as an object does.
 */
export function frameOf(canonical: Uint8Array): Frame {
  const brace = lastInk(canonical, canonical.length);
  if (canonical[brace] !== CLOSING_BRACE) throw invalid('the manifest does not end with a brace');
  const length = lastInk(canonical, brace) + 1;
  return { length, tail: Buffer.from(canonical.subarray(length)).toString() };
}

/** The last place before `end` that is no white space; -1 when there is none. */
function lastInk(bytes: Uint8Array, end: number): number {
  let index = end - 1;
  while (WHITE_SPACE.has(bytes[index])) index--;
  return index;
}

export function isSameFrame(a: Frame, b: Frame): boolean {
  return a.length === b.length && a.tail === b.tail;
}

/** A document that was taken out of a signed one. */
export interface CanonicalPayload {
  readonly bytes: Uint8Array;
  readonly document: JsonObject;
}

/**
 * Takes the canonical document out of a signed one. Nothing is outside of it but the signatures, so that a reader of
 * the one and a reader of the other see the same image.
 *
 * @throws RegistryError `MANIFEST_INVALID` when the frame does not fit, or there is anything else.
 */
export function extractCanonical(payload: Uint8Array, frame: Frame): CanonicalPayload {
  if (frame.length > payload.length)
    throw invalid('formatLength is beyond the end of the manifest');
  const bytes = Buffer.concat([payload.subarray(0, frame.length), Buffer.from(frame.tail)]);
  const document = parseStrictJsonObject(bytes);
  if (!isSameFrame(frameOf(bytes), frame)) {
    throw invalid('formatLength and formatTail are not those of the end of the manifest');
  }
  if (Object.hasOwn(document, 'signatures')) throw invalid('the signed part has signatures');
  checkRemainder(payload.subarray(frame.length));
  return { bytes, document };
}

// The signed part ends where another member may follow, so the rest must read as the end of an object.
const OBJECT_START = Buffer.from('{"signed":0');

function checkRemainder(remainder: Uint8Array): void {
  const members = Object.keys(parseStrictJsonObject(Buffer.concat([OBJECT_START, remainder])));
  if (members.length === 2 && members.includes('signatures')) return;
  throw invalid('the manifest has members outside of its signed part');
}

/**
 * Puts signatures into a document, byte for byte as libtrust does.
 *
 * @param signatures Sorted.
 */
export function insertSignatures(
  canonical: Uint8Array,
  signatures: readonly GoMembers[],
): Uint8Array {
  const signed = canonical.subarray(0, frameOf(canonical).length);
  const indent = indentOf(canonical);
  const rest =
    indent === ''
      ? `,"signatures":${encodeGoJson(signatures)}}`
      : `,\n${indent}"signatures": ${encodeGoJson(signatures, { prefix: indent, indent })}\n}`;
  return Buffer.concat([signed, Buffer.from(rest)]);
}

/** What the first line of a document is indented by; '' when it is not, or by too much to go on with it. */
export function indentOf(canonical: Uint8Array): string {
  const start = Buffer.from(canonical.subarray(0, MAXIMUM_INDENT + 3)).toString('latin1');
  return /^\{\n([^"]*)"/.exec(start)?.[1] ?? '';
}
