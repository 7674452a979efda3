/** A value to encode. The members of a map keep their order; those that are undefined are left out. */
export type Encodable = string | number | readonly Encodable[] | Members;
export type Members = ReadonlyMap<string, Encodable | undefined>;

/**
 * Writes JSON byte for byte as Go's `json.MarshalIndent` with three spaces does, so that a manifest has the digest it
 * would have if distribution had built it.
 */
export function encodeManifestJson(document: Members): Uint8Array {
  return new TextEncoder().encode(write(document, ''));
}

/** Members in the order in which they are written here. Not for names from outside: objects put numbers first. */
export function members(object: Readonly<Record<string, Encodable | undefined>>): Members {
  return new Map(Object.entries(object));
}

/** Members in the byte order of their names, as Go writes a map; `undefined` when there are none. */
export function sortedMembers(
  object: Readonly<Record<string, string>> | null | undefined,
): Members | undefined {
  const entries = Object.entries(object ?? {});
  entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return entries.length === 0 ? undefined : new Map(entries);
}

/** Leaves out what is empty, as Go does with `omitempty`. */
export function unlessEmpty<T extends string | readonly Encodable[]>(
  value: T | null | undefined,
): T | undefined {
  return value == null || value.length === 0 ? undefined : value;
}

function write(value: Encodable, indent: string): string {
  if (typeof value !== 'object') return quote(value);
  const inner = `${indent}   `;
  if (isMembers(value)) {
    const present = [...value].filter(
      (entry): entry is [string, Encodable] => entry[1] !== undefined,
    );
    const lines = present.map(([name, member]) => `${quote(name)}: ${write(member, inner)}`);
    return `{\n${inner}${lines.join(`,\n${inner}`)}\n${indent}}`;
  }
  if (value.length === 0) return '[]';
  const lines = value.map((entry) => write(entry, inner));
  return `[\n${inner}${lines.join(`,\n${inner}`)}\n${indent}]`;
}

function isMembers(value: Members | readonly Encodable[]): value is Members {
  return value instanceof Map;
}

/** Go escapes what would mean something to HTML or to old JavaScript. */
function quote(value: string | number): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
