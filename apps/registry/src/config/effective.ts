import type { z } from 'zod';
import { defaultOf, shapeOf, type KeyShape } from './keys.ts';
import type { Origin } from './problems.ts';
import { isDriverModule } from './read-tree.ts';
import {
  treeFromValue,
  type ConfigNode,
  type ListNode,
  type MapEntry,
  type MapNode,
} from './tree.ts';

/** Where a value comes from that nobody wrote. */
export const DEFAULT: Origin = { program: 'default' };

/**
 * A configuration as it counts: what is known of what was written, and the defaults of what was not, in the order of the
 * schema. Sections that would have nothing in them are left out, and so are keys that have no default.
 */
export function effectiveTree(tree: MapNode, schema: z.core.$ZodType): MapNode {
  const whole = inEffect(tree, schema, '');
  return whole?.kind === 'map' ? whole : { ...tree, entries: new Map() };
}

/** The keys whose values are not the same in both, in the order of the schema: `log.level`. */
export function changedKeys(
  before: MapNode,
  after: MapNode,
  schema: z.core.$ZodType,
): readonly string[] {
  const old = valuesByKey(before, shapeOf(schema), '');
  const changed = valuesByKey(after, shapeOf(schema), '');
  const keys = new Set([...old.keys(), ...changed.keys()]);
  return [...keys].filter((key) => old.get(key) !== changed.get(key));
}

function inEffect(
  written: ConfigNode | undefined,
  schema: z.core.$ZodType,
  path: string,
): ConfigNode | undefined {
  const shape = shapeOf(schema);
  const node = written !== undefined && isWritten(written, shape) ? written : fallback(schema);
  return node && shaped(node, shape, path);
}

function shaped(node: ConfigNode, shape: KeyShape, path: string): ConfigNode | undefined {
  switch (shape.kind) {
    case 'section':
      return sectionInEffect(node, shape, path);
    case 'text':
      return node.kind === 'scalar' ? { ...node, value: node.text } : node;
    case 'list':
      return node.kind === 'list' ? listInEffect(node, shape.items, path) : node;
    case 'map':
      return node.kind === 'map' ? mapInEffect(node, shape.values, path) : node;
    case 'value':
    case 'anything':
      return node;
  }
}

function listInEffect(list: ListNode, schema: z.core.$ZodType, path: string): ListNode {
  const items = list.items.map((item, index) => inEffect(item, schema, `${path}.${index}`));
  return { ...list, items: items.filter((item) => item !== undefined) };
}

function mapInEffect(map: MapNode, schema: z.core.$ZodType, path: string): MapNode {
  const entries = [...map.entries].map(([key, entry]) => ({
    key,
    entry,
    node: inEffect(entry.node, schema, `${path}.${key}`),
  }));
  return { ...map, entries: entriesOf(entries) };
}

function sectionInEffect(
  node: ConfigNode,
  { keys, isOpen }: Extract<KeyShape, { kind: 'section' }>,
  path: string,
): MapNode | undefined {
  // A section without a body is there all the same.
  const map: MapNode =
    node.kind === 'map' ? node : { kind: 'map', origin: node.origin, entries: new Map() };
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  const known = [...keys].map(([key, child]) => {
    const entry = map.entries.get(key);
    return { key, entry, node: inEffect(entry?.node, child, below(key)) };
  });
  const others = [...map.entries]
    .filter(([key, entry]) => !keys.has(key) && (isOpen || isDriverModule(entry.node, path)))
    .map(([key, entry]) => ({ key, entry, node: entry.node }));
  const entries = entriesOf([...known, ...others]);
  return entries.size === 0 && node.origin === DEFAULT ? undefined : { ...map, entries };
}

interface FoundEntry {
  readonly key: string;
  /** As it was written; absent for a default. */
  readonly entry: MapEntry | undefined;
  /** Absent when nothing counts. */
  readonly node: ConfigNode | undefined;
}

function entriesOf(found: readonly FoundEntry[]): Map<string, MapEntry> {
  const entries = new Map<string, MapEntry>();
  for (const { key, entry, node } of found) {
    if (node !== undefined) entries.set(key, { origin: entry?.origin ?? DEFAULT, node });
  }
  return entries;
}

/** By the rules of `readTree`: empty text counts as nothing, and nothing is something for a section alone. */
function isWritten(node: ConfigNode, { kind }: KeyShape): boolean {
  if (node.kind !== 'scalar') return true;
  return node.value === null ? kind === 'section' : node.value !== '';
}

function fallback(schema: z.core.$ZodType): ConfigNode | undefined {
  const found = defaultOf(schema);
  return found && treeFromValue(found.value, DEFAULT);
}

function valuesByKey(node: ConfigNode, shape: KeyShape, path: string): Map<string, string> {
  if (shape.kind !== 'section' || node.kind !== 'map') return new Map([[path, textOf(node)]]);
  const values = new Map<string, string>();
  for (const [key, entry] of node.entries) {
    const child = shape.keys.get(key);
    const childShape: KeyShape = child === undefined ? { kind: 'anything' } : shapeOf(child);
    const below = valuesByKey(entry.node, childShape, path === '' ? key : `${path}.${key}`);
    for (const [name, value] of below) values.set(name, value);
  }
  // So that a driver without parameters is a value, too.
  return values.size === 0 ? new Map([[path, '{}']]) : values;
}

function textOf(node: ConfigNode): string {
  switch (node.kind) {
    case 'scalar':
      return JSON.stringify(node.value);
    case 'list':
      return `[${node.items.map(textOf).join()}]`;
    case 'map': {
      const members = [...node.entries].map(
        ([key, entry]) => `${JSON.stringify(key)}:${textOf(entry.node)}`,
      );
      return `{${members.toSorted().join()}}`;
    }
  }
}
