import { RegistryError } from './errors.ts';

/** Deeper than any manifest that exists; parsing stays cheap and recursion over the result safe. */
const MAXIMUM_DEPTH = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON object: not an array, not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a JSON object that two readers can only read alike: valid UTF-8, nested at most 64 deep, no member named
 * twice. The size is for the caller to bound.
 *
 * @throws RegistryError `MANIFEST_INVALID`, saying what is wrong and at which character.
 * @see RFC 7493 (I-JSON), section 2.3, on duplicate names.
 */
export function parseStrictJsonObject(content: Uint8Array): JsonObject {
  const text = decodeUtf8(content);
  checkStructure(text);
  const value = parse(text);
  if (isObject(value)) return value;
  throw invalid('expected a JSON object');
}

function decodeUtf8(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw invalid('the document is not valid UTF-8', error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(
      `the document is not valid JSON: ${(error as Error).message.slice(0, 200)}`,
      error,
    );
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON_NEXT = /\s*:/y;

/**
 * Finds what `JSON.parse` would let pass: depth without bound, and members named twice. Strings and brackets are all
 * the structure there is; the rest is for `JSON.parse` to judge. One pass, and no expression that could back-track.
 */
function checkStructure(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let index = 0; index < text.length; index++) {
    switch (text.charAt(index)) {
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(undefined);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, index);
        checkMember(text.slice(index, end), { text, end, seen: open.at(-1) });
        index = end - 1;
        break;
      }
    }
    if (open.length > MAXIMUM_DEPTH) {
      throw invalid(`nested more than ${MAXIMUM_DEPTH} deep at character ${index}`);
    }
  }
}

/** Where the string that opens at `start` is over: after its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === QUOTE) return index + 1;
    if (character === BACKSLASH) index++;
  }
  return text.length;
}

interface StringPlace {
  readonly text: string;
  readonly end: number;
  /** The names met in the object that the string stands in; `undefined` outside objects. */
  readonly seen: Set<string> | undefined;
}

function checkMember(token: string, { text, end, seen }: StringPlace): void {
  COLON_NEXT.lastIndex = end;
  if (seen === undefined || !COLON_NEXT.test(text)) return;
  // Escapes can spell one name in two ways.
  const name = token.includes('\\') ? String(parse(token)) : token.slice(1, -1);
  if (seen.has(name)) {
    throw invalid(`member "${name.slice(0, 100)}" appears twice, before character ${end}`);
  }
  seen.add(name);
}

function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_INVALID', { message, detail: { reason: message }, cause });
}
