import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument as parseYaml,
  type Document,
  type ErrorCode,
  type Node,
  type Pair,
  type Scalar,
  type YAMLParseError,
  type YAMLMap,
} from 'yaml';
import type { Origin, Problem } from './problems.ts';
import {
  isPlainValue,
  type ConfigNode,
  type MapEntry,
  type MapNode,
  type ScalarNode,
} from './tree.ts';

/** Aliases make a few lines mean billions of nodes; no configuration comes near this. */
const MAXIMUM_NODES = 10_000;

export interface ParsedDocument {
  /** `undefined` when the document is empty, or too broken to be understood in part. */
  readonly tree: ConfigNode | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Parses YAML 1.1, the dialect of distribution's configuration: `yes` and `on` are true, `<<` merges. Syntax errors
 * and keys written twice are reported; no source text is quoted, for it may be a secret.
 *
 * @param originAt Names a place in the text; line and column count from 1.
 */
export function parseDocument(
  text: string,
  originAt: (line: number, column: number) => Origin,
): ParsedDocument {
  const lineCounter = new LineCounter();
  const document = parseYaml(text, {
    version: '1.1',
    lineCounter,
    prettyErrors: false,
    // Found while the tree is built, where the path of the key is known.
    uniqueKeys: false,
  });
  const originOf = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return originAt(Math.max(line, 1), Math.max(col, 1));
  };
  const problems = document.errors.map((error) => ({
    origin: originOf(error.pos[0]),
    key: '',
    message: `not valid YAML: ${explain(error)}`,
  }));
  if (problems.length > 0) return { tree: undefined, problems: problems.slice(0, 1) };
  return new TreeBuilder(document, originOf).build();
}

/** Errors whose messages quote nothing of the text, which may be a secret. */
const PLAIN_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'ALIAS_PROPS',
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'KEY_OVER_1024_CHARS',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'MULTIPLE_ANCHORS',
  'MULTIPLE_DOCS',
  'MULTIPLE_TAGS',
  'TAB_AS_INDENT',
]);

/** Own words for the others: their messages quote the text. */
const SYNTAX_ERRORS: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'a value that begins with * or & needs quotes',
  BAD_DIRECTIVE: 'a line that begins with % needs quotes',
  BAD_DQ_ESCAPE: 'an unknown escape sequence between double quotes',
  BAD_SCALAR_START: 'a value that begins with a special character needs quotes',
  TAG_RESOLVE_FAILED: 'a value that begins with ! needs quotes',
  UNEXPECTED_TOKEN: 'unexpected text: a value with special characters needs quotes',
};

function explain({ code, message }: YAMLParseError): string {
  // Some end with the number of a column, or with advice about a key.
  if (PLAIN_ERRORS.has(code)) return message.replace(/: ".*$/s, '').replace(/;.*$/s, '');
  return SYNTAX_ERRORS[code] ?? 'it cannot be read';
}

class TreeBuilder {
  readonly #document: Document;
  readonly #originOf: (offset: number) => Origin;
  readonly #problems: Problem[] = [];
  #nodes = 0;

  constructor(document: Document, originOf: (offset: number) => Origin) {
    this.#document = document;
    this.#originOf = originOf;
  }

  build(): ParsedDocument {
    const contents = this.#document.contents;
    const tree = contents === null ? undefined : this.#node(contents, []);
    return { tree, problems: this.#problems };
  }

  #node(node: Node | null, path: readonly string[]): ConfigNode {
    const origin = this.#originOf(offsetOf(node));
    if (node === null || !this.#isWithinBounds(origin, path)) return nothingAt(origin);
    if (isMap(node)) return this.#map(node, path);
    if (isSeq(node)) {
      const items = node.items.map((item, index) =>
        this.#node(item as Node | null, [...path, String(index)]),
      );
      return { kind: 'list', origin, items };
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.#node(target, path);
      this.#report(
        origin,
        path,
        'a value begins with *, which needs quotes, or the anchor is missing',
      );
    }
    return isScalar(node) ? scalarNode(node, origin) : nothingAt(origin);
  }

  #isWithinBounds(origin: Origin, path: readonly string[]): boolean {
    this.#nodes++;
    if (this.#nodes === MAXIMUM_NODES + 1) this.#report(origin, path, 'too many values');
    return this.#nodes <= MAXIMUM_NODES;
  }

  #map(map: YAMLMap, path: readonly string[]): MapNode {
    const origin = this.#originOf(offsetOf(map));
    const entries = new Map<string, MapEntry>();
    const merged: Node[] = [];
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (isMergeKey(pair)) merged.push(pair.value!);
      else this.#addEntry(entries, pair, path);
    }
    return merged.reduce<MapNode>((result, source) => this.#merge(result, source, path), {
      kind: 'map',
      origin,
      entries,
    });
  }

  #addEntry(
    entries: Map<string, MapEntry>,
    pair: Pair<Node, Node | null>,
    path: readonly string[],
  ): void {
    const origin = this.#originOf(offsetOf(pair.key));
    if (!isScalar(pair.key)) return this.#report(origin, path, 'expected a plain key');
    const key = scalarNode(pair.key, origin).text;
    if (entries.has(key)) return this.#report(origin, [...path, key], 'the key is written twice');
    entries.set(key, { origin, node: this.#node(pair.value, [...path, key]) });
  }

  /** @see YAML 1.1, "Merge Key Language-Independent Type": what the map says itself wins. */
  #merge(into: MapNode, source: Node, path: readonly string[]): MapNode {
    const node = this.#node(source, path);
    const entries = new Map(into.entries);
    for (const map of node.kind === 'list' ? node.items : [node]) {
      if (map.kind !== 'map') this.#report(map.origin, path, 'expected a map to merge');
      else map.entries.forEach((entry, key) => entries.has(key) || entries.set(key, entry));
    }
    return { ...into, entries };
  }

  #report(origin: Origin, path: readonly string[], message: string): void {
    this.#problems.push({ origin, key: path.join('.'), message });
  }
}

function offsetOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function nothingAt(origin: Origin): ScalarNode {
  return { kind: 'scalar', origin, text: '', value: null };
}

function isMergeKey({ key, value }: Pair<Node, Node | null>): boolean {
  return isScalar(key) && typeof key.value === 'symbol' && value !== null;
}

function scalarNode(scalar: Scalar, origin: Origin): ScalarNode {
  const { value } = scalar;
  const text = scalar.source ?? String(isPlainValue(value) ? (value ?? '') : typeof value);
  // Dates and the like are text to everyone here.
  return { kind: 'scalar', origin, text, value: isPlainValue(value) ? value : text };
}
