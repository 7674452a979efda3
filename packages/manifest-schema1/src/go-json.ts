/**
 * A value to write. A map keeps the order of its members, as a Go struct does; those that are undefined are left out.
 * The members of an object are sorted, as those of a Go map are.
 */
export type GoValue = string | number | boolean | null | readonly GoValue[] | GoMembers | GoObject;
export type GoMembers = ReadonlyMap<string, GoValue | undefined>;
export interface GoObject {
  readonly [name: string]: GoValue;
}

/** How lines are begun: each with `prefix`, and an `indent` for each level. */
export interface GoIndent {
  readonly prefix: string;
  readonly indent: string;
}

/** Writes JSON byte for byte as Go's `json.Marshal` does; with lines, as `json.MarshalIndent` does. */
export function encodeGoJson(value: GoValue, lines?: GoIndent): string {
  return write(value, lines === undefined ? undefined : { ...lines, newline: `\n${lines.prefix}` });
}

interface Layout extends GoIndent {
  /** What begins a line at this level. */
  readonly newline: string;
}

function write(value: GoValue, layout: Layout | undefined): string {
  if (typeof value === 'string') return quote(value);
  if (Object.is(value, -0)) return '-0';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = layout && { ...layout, newline: layout.newline + layout.indent };
  if (isList(value)) {
    const items = value.map((item) => write(item, inner));
    return enclose(items, { open: '[', close: ']', layout });
  }
  const colon = layout === undefined ? ':' : ': ';
  const items = presentMembers(value).map(
    ([name, member]) => quote(name) + colon + write(member, inner),
  );
  return enclose(items, { open: '{', close: '}', layout });
}

interface Enclosure {
  readonly open: string;
  readonly close: string;
  readonly layout: Layout | undefined;
}

function enclose(items: readonly string[], { open, close, layout }: Enclosure): string {
  if (layout === undefined || items.length === 0) return open + items.join(',') + close;
  const newline = layout.newline + layout.indent;
  return open + newline + items.join(`,${newline}`) + layout.newline + close;
}

function isList(value: object): value is readonly GoValue[] {
  return Array.isArray(value);
}

function isMembers(value: object): value is GoMembers {
  return value instanceof Map;
}

function presentMembers(value: GoMembers | GoObject): readonly (readonly [string, GoValue])[] {
  if (!isMembers(value)) return sortByName(Object.entries(value));
  return [...value].filter((entry): entry is [string, GoValue] => entry[1] !== undefined);
}

/** Sorts members by the bytes of their names. */
export function sortByName<Value>(
  entries: readonly (readonly [string, Value])[],
): readonly (readonly [string, Value])[] {
  return entries
    .map((entry) => ({ entry, bytes: Buffer.from(entry[0]) }))
    .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}

/**
 * Writes text as Go does. The releases of distribution that had schema 1 were built with a Go (before 1.22) that had no
 * short escapes for backspace and form feed.
 */
export function quote(text: string): string {
  const quoted = JSON.stringify(text.toWellFormed());
  return escapeForHtml(/[\b\f]/.test(text) ? quoted.replace(/\\./g, lengthenEscape) : quoted);
}

function lengthenEscape(escape: string): string {
  if (escape === '\\b') return '\\u0008';
  return escape === '\\f' ? '\\u000c' : escape;
}

/** Go escapes what would mean something to HTML or to old JavaScript, also in JSON that it passes on. */
export function escapeForHtml(json: string): string {
  return json
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
