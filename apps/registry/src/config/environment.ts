import type { z } from 'zod';
import { shapeOf, type KeyShape } from './keys.ts';
import { suggest, type Origin, type Problem } from './problems.ts';
import { isServiceVariable } from './service-variables.ts';
import { emptyMap, expandName, withEntry, type ConfigNode, type MapNode } from './tree.ts';
import { unservedBelow } from './unserved.ts';
import { readVariable, UnreadableValue } from './variable-value.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'REGISTRY_';
/** Names the file; read by whoever looks for it. */
export const CONFIGURATION_PATH_VARIABLE = 'REGISTRY_CONFIGURATION_PATH';

/** Where distribution keeps untyped maps: their keys are found in any case of letters, and new ones are made. */
const UNTYPED_SECTION = /^(?:storage|auth)(?:\.|$)/;

export interface Overridden {
  readonly tree: MapNode;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Applies `REGISTRY_*` variables to a configuration, sorted by name, so that `REGISTRY_STORAGE` comes before
 * `REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY`. Each `_` goes one step down; values replace what was there: text is literal, the rest
 * YAML.
 *
 * @see distribution, configuration/parser.go.
 */
export function applyEnvironment(
  tree: MapNode,
  environment: Environment,
  schema: z.core.$ZodType,
): Overridden {
  const problems: Problem[] = [];
  const variables = variablesOf(environment);
  const warnings = serviceWarnings(variables);
  let result: ConfigNode = tree;
  for (const [variable, text] of variables) {
    if (isServiceVariable(variable, text)) continue;
    const origin = { variable };
    const parts = partsOf(variable);
    try {
      result = override({ node: result, shape: shapeOf(schema), path: '' }, parts, {
        origin,
        text,
      });
    } catch (error) {
      if (error instanceof UnreadableValue) {
        error.problems.forEach((problem) => problems.push(problem));
        continue;
      }
      if (!(error instanceof NotOverridable)) throw error;
      if (error.isUnknown) warnings.push({ origin, key: '', message: unknownVariable(error) });
      else problems.push({ origin, key: error.path, message: error.message });
    }
  }
  return { tree: result as MapNode, problems, warnings };
}

/** The variable that sets a key: `REGISTRY_HTTP_ADDR` for `http.addr`. */
export function variableFor(key: string): string {
  return PREFIX + key.replaceAll('.', '_').toUpperCase();
}

function variablesOf(environment: Environment): [string, string][] {
  return Object.entries(environment)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .filter(([name]) => name.startsWith(PREFIX) && name !== CONFIGURATION_PATH_VARIABLE)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One warning for all variables that Kubernetes sets: it sets seven for each Service. */
function serviceWarnings(variables: readonly (readonly [string, string])[]): Problem[] {
  const [first, ...others] = variables.filter((entry) => isServiceVariable(...entry));
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : `, as are ${others.length} more`;
  const message = `set by Kubernetes for a Service, ignored${more}; enableServiceLinks: false in the pod leaves them out`;
  return [{ origin: { variable: first[0] }, key: '', message }];
}

/** What distribution has between the section and its keys may be left out, and is no key. */
function partsOf(variable: string): string[] {
  const name = variable.slice(PREFIX.length);
  return name.replace(/^REDIS_OPTIONS_(?=.)/, 'REDIS_').split('_');
}

function unknownVariable({ path, known }: NotOverridable): string {
  return `unknown variable, ignored${suggest(path, known)}`;
}

/** A variable leads nowhere: `isUnknown` when no such key is known, otherwise for the reason in the message. */
class NotOverridable extends Error {
  readonly path: string;
  readonly known: readonly string[];

  constructor(message: string, path: string, known: readonly string[] = []) {
    super(message);
    this.path = path;
    this.known = known;
  }

  get isUnknown(): boolean {
    return this.message === '';
  }
}

const SCALAR_SHAPES: ReadonlySet<string> = new Set(['text', 'value']);

interface Place {
  readonly node: ConfigNode | undefined;
  readonly shape: KeyShape;
  readonly path: string;
}

interface Override {
  readonly origin: Origin;
  readonly text: string;
}

function override(place: Place, parts: readonly string[], value: Override): ConfigNode {
  const [part, ...rest] = parts;
  if (part === undefined) {
    const { shape, path } = place;
    return readVariable(value.text, { shape, path, origin: value.origin });
  }
  if (place.node?.kind === 'list' || (place.node === undefined && place.shape.kind === 'list')) {
    return overrideItem(place, [part, ...rest], value);
  }
  if (part === '' || SCALAR_SHAPES.has(place.shape.kind)) throw unknown(place, part);

  const map = mapAt(place, value.origin);
  const key = keyFor(part, map, place);
  const child: Place = {
    node: map.entries.get(key)?.node,
    shape: childShape(place.shape, key),
    path: place.path === '' ? key : `${place.path}.${key}`,
  };
  const node = override(child, rest, value);
  return withEntry(map, key, { origin: value.origin, node });
}

function mapAt({ node, path }: Place, origin: Origin): MapNode {
  const expanded = node !== undefined && UNTYPED_SECTION.test(path) ? expandName(node) : node;
  return expanded?.kind === 'map' ? expanded : emptyMap(origin);
}

function keyFor(part: string, map: MapNode, place: Place): string {
  const { shape, path } = place;
  const isTyped = shape.kind === 'section' && !UNTYPED_SECTION.test(path);
  if (isTyped) {
    const known = [...shape.keys.keys(), ...unservedBelow(path)];
    const key = known.find((candidate) => isNamedBy(part, candidate, path));
    if (key === undefined) throw unknown(place, part);
    return key;
  }
  const known = [...map.entries.keys(), ...(shape.kind === 'section' ? shape.keys.keys() : [])];
  const lowerCase = part.toLowerCase();
  return known.find((candidate) => candidate.toLowerCase() === lowerCase) ?? lowerCase;
}

/** Keys whose variables distribution names otherwise; the name of the key works as well. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['compatibility.schema1.signingkeyfile', 'TRUSTKEY'],
  ['health.file', 'FILECHECKERS'],
  ['health.http', 'HTTPCHECKERS'],
  ['health.tcp', 'TCPCHECKERS'],
  ['notifications.events', 'EVENTCONFIG'],
]);

function isNamedBy(part: string, key: string, path: string): boolean {
  return key.toUpperCase() === part || OTHER_NAMES.get(`${path}.${key}`) === part;
}

function childShape(shape: KeyShape, key: string): KeyShape {
  if (shape.kind === 'map') return shapeOf(shape.values);
  const child = shape.kind === 'section' ? shape.keys.get(key) : undefined;
  return child === undefined ? { kind: 'anything' } : shapeOf(child);
}

function overrideItem(place: Place, parts: readonly string[], value: Override): ConfigNode {
  const [part, ...rest] = parts;
  const items = place.node?.kind === 'list' ? place.node.items : [];
  if (!/^\d{1,4}$/.test(part!)) {
    throw new NotOverridable(`expected the number of an item, found ${part}`, place.path);
  }
  const index = Number(part);
  if (index > items.length) {
    const message = `there is no item ${index}, and the next one would be ${items.length}`;
    throw new NotOverridable(message, place.path);
  }
  const child: Place = {
    node: items[index],
    shape: place.shape.kind === 'list' ? shapeOf(place.shape.items) : { kind: 'anything' },
    path: `${place.path}.${index}`,
  };
  const changed = [...items];
  changed[index] = override(child, rest, value);
  return { kind: 'list', origin: place.node?.origin ?? value.origin, items: changed };
}

function unknown({ path, shape }: Place, part: string): NotOverridable {
  const names = shape.kind === 'section' ? [...shape.keys.keys()] : [];
  const below = (name: string) => variableFor(path === '' ? name : `${path}.${name}`);
  return new NotOverridable('', below(part), names.map(below));
}
