import type { z } from 'zod';
import { listKeys, shapeOf, type KeyShape } from './keys.ts';
import type { Origin, Problem } from './problems.ts';
import { suggestKey } from './suggest-key.ts';
import { isEmpty, nodeAt, type ConfigNode, type MapEntry, type MapNode } from './tree.ts';
import { UNSERVED_SECTIONS, type UnservedSection } from './unserved.ts';

export interface TreeReading {
  /** What the schema is given: known keys only, each scalar as the schema wants to see it. */
  readonly value: unknown;
  /** What keeps the configuration from being used. */
  readonly problems: readonly Problem[];
  /** What is left out of it. */
  readonly warnings: readonly Problem[];
}

/** Reads a tree as far as a schema knows it. Values are not judged: that is the schema's part. */
export function readTree(tree: MapNode, schema: z.core.$ZodType): TreeReading {
  const reader = new TreeReader(schema);
  return {
    value: reader.read(tree, shapeOf(schema), ''),
    problems: reader.problems,
    warnings: reader.warnings,
  };
}

class TreeReader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #schema: z.core.$ZodType;

  constructor(schema: z.core.$ZodType) {
    this.#schema = schema;
  }

  /** @returns `undefined` for what counts as not written. */
  read(node: ConfigNode, shape: KeyShape, path: string): unknown {
    switch (node.kind) {
      case 'map':
        return shape.kind === 'section'
          ? this.#readSection(node, shape, path)
          : this.#readMap(node, shape, path);
      case 'list': {
        const items = shape.kind === 'list' ? shapeOf(shape.items) : shape;
        return node.items.map((item, index) => this.read(item, items, `${path}.${index}`));
      }
      case 'scalar':
        // A section without a body is there all the same: `inmemory:` chooses the driver.
        if (node.value === null) return shape.kind === 'section' ? {} : undefined;
        return shape.kind === 'text' ? node.text : node.value;
    }
  }

  #readSection(
    map: MapNode,
    { keys, isOpen }: Extract<KeyShape, { kind: 'section' }>,
    path: string,
  ): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const [key, entry] of map.entries) {
      const child = keys.get(key);
      const childPath = path === '' ? key : `${path}.${key}`;
      if (child === undefined && (isOpen || isDriverModule(entry.node, path))) {
        value[key] = this.read(entry.node, { kind: 'anything' }, childPath);
      } else if (child === undefined) this.#leaveOut(entry, { key, path: childPath, known: keys });
      else if (!isEmptyText(entry.node)) {
        value[key] = this.read(entry.node, shapeOf(child), childPath);
      }
    }
    return value;
  }

  #readMap(map: MapNode, shape: KeyShape, path: string): Record<string, unknown> {
    const values: KeyShape = shape.kind === 'map' ? shapeOf(shape.values) : { kind: 'anything' };
    const members: [string, unknown][] = [];
    for (const [key, entry] of map.entries) {
      const childPath = `${path}.${key}`;
      if (key === '__proto__') this.#warn(entry.origin, childPath, 'reserved key, ignored');
      else members.push([key, this.read(entry.node, values, childPath)]);
    }
    return Object.fromEntries(members);
  }

  #leaveOut(entry: MapEntry, { key, path, known }: UnknownKey): void {
    const unserved = UNSERVED_SECTIONS.get(path);
    if (unserved !== undefined) return this.#leaveOutSection(entry, path, unserved);
    if (path === `storage.${key}`) {
      const drivers = 'expected filesystem, gcs, inmemory, or a module that exports a driver';
      return this.#refuse(entry.origin, path, `unknown storage driver; ${drivers}`);
    }
    if (path === `auth.${key}`) {
      if (key.toLowerCase() === 'none' && isEmpty(entry.node)) return undefined;
      const kinds = 'expected htpasswd, token, silly or none';
      return this.#refuse(entry.origin, path, `unknown access controller; ${kinds}`);
    }
    const siblings = [...known.keys()].map((name) => path.slice(0, -key.length) + name);
    const suggestion = suggestKey(path, { siblings, known: listKeys(this.#schema) });
    // A program is refused in every case.
    const outcome = 'program' in entry.origin ? 'unknown key' : 'unknown key, ignored';
    this.#warn(entry.origin, path, outcome + suggestion);
  }

  #leaveOutSection(
    { origin, node }: MapEntry,
    path: string,
    { reason, refuse }: UnservedSection,
  ): void {
    const isDriver = refuse !== undefined && path.startsWith('storage.');
    if (isEmpty(node) && !isDriver) return;
    const refusal = refuse?.(node);
    if (refusal !== undefined) this.#refuse(origin, path, refusal);
    else this.#warn(origin, path, `not applied: ${reason}`);
  }

  #warn(origin: Origin, key: string, message: string): void {
    this.warnings.push({ origin, key, message });
  }

  #refuse(origin: Origin, key: string, message: string): void {
    this.problems.push({ origin, key, message });
  }
}

/** Of its parameters only the driver knows. */
export function isDriverModule(node: ConfigNode, path: string): boolean {
  return path === 'storage' && nodeAt(node, 'module') !== undefined;
}

/** `host: ""` is how a Go program writes that there is none. */
function isEmptyText(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.value === '';
}

interface UnknownKey {
  readonly key: string;
  readonly path: string;
  readonly known: ReadonlyMap<string, unknown>;
}
