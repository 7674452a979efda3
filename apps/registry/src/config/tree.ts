import type { Origin } from './problems.ts';

/**
 * A configuration as it was written, before anyone knows what it should be: each part remembers where it came from, and
 * each scalar its source text. Maps are `Map`s, so that no key can reach a prototype.
 */
export type ConfigNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly origin: Origin;
  /** As it was written, without quotes: `0.10`. */
  readonly text: string;
  /** As YAML 1.1 understands it: `0.1`. `null` for nothing. */
  readonly value: string | number | boolean | null;
}

export interface ListNode {
  readonly kind: 'list';
  readonly origin: Origin;
  readonly items: readonly ConfigNode[];
}

export interface MapNode {
  readonly kind: 'map';
  readonly origin: Origin;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  /** Where the key was written. */
  readonly origin: Origin;
  readonly node: ConfigNode;
}

export function emptyMap(origin: Origin): MapNode {
  return { kind: 'map', origin, entries: new Map() };
}

/** The same map with an entry set; an existing one keeps its place. */
export function withEntry(map: MapNode, key: string, entry: MapEntry): MapNode {
  return { ...map, entries: new Map(map.entries).set(key, entry) };
}

/** Nothing was written here: no value, or a container with nothing in it. */
export function isEmpty(node: ConfigNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return node.value === null || node.value === '';
    case 'list':
      return node.items.length === 0;
    case 'map':
      return node.entries.size === 0;
  }
}

/** What stands at a path below a node. */
export function nodeAt(
  node: ConfigNode | undefined,
  ...path: readonly (string | number)[]
): ConfigNode | undefined {
  let current = node;
  for (const step of path) {
    if (current?.kind === 'map') current = current.entries.get(String(step))?.node;
    else if (current?.kind === 'list') current = current.items[Number(step)];
    else return undefined;
  }
  return current;
}

/**
 * A map where distribution lets a bare name stand for one: `storage: inmemory` is `storage: { inmemory: {} }`.
 * Anything else stays as it is.
 */
export function expandName(node: ConfigNode): ConfigNode {
  if (node.kind !== 'scalar' || node.value === null) return node;
  const { origin, text } = node;
  return withEntry(emptyMap(origin), text, { origin, node: emptyMap(origin) });
}

/** The tree of a program's own value. Members that are `undefined` are left out. */
export function treeFromValue(value: unknown, origin: Origin): ConfigNode {
  if (Array.isArray(value)) {
    return { kind: 'list', origin, items: value.map((item) => treeFromValue(item, origin)) };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, { origin, node: treeFromValue(member, origin) }] as const);
    return { kind: 'map', origin, entries: new Map(entries) };
  }
  // What no file could hold, such as a function, is named by its kind.
  const plain = isPlainValue(value) ? value : `a ${typeof value}`;
  return { kind: 'scalar', origin, text: String(plain ?? ''), value: plain };
}

/** What a scalar can hold; everything else that a parser may give counts by its text. */
export function isPlainValue(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
