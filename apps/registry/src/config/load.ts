import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { parseDocument } from './document.ts';
import { effectiveTree } from './effective.ts';
import { applyEnvironment, type Environment } from './environment.ts';
import { describeFound } from './found.ts';
import { ConfigurationError, formatProblem, type Origin, type Problem } from './problems.ts';
import { readTree } from './read-tree.ts';
import { BESIDE_DRIVERS } from './storage-section.ts';
import { configSchema, type Config, type ConfigInput } from './schema.ts';
import {
  emptyMap,
  expandName,
  nodeAt,
  treeFromValue,
  withEntry,
  type ConfigNode,
  type MapNode,
} from './tree.ts';

/** A configuration file, as it was when it was read. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** What was read; `undefined` when there is no file. */
  readonly file: ConfigFile | undefined;
  /** What was left out, one line each: unknown keys and variables, sections that this version does not apply. */
  readonly warnings: readonly string[];
  /** Every key that counts, with its value and where that comes from. */
  readonly effective: MapNode;
}

export interface LoadConfigOptions {
  /** A YAML file. Without one: `127.0.0.1:5000`, `./registry-data`, and a log of warnings. */
  readonly path?: string | undefined;
  /** Its `REGISTRY_*` variables override the file. Nothing when absent. */
  readonly environment?: Environment | undefined;
}

/** What counts when there is no configuration file and no variable says otherwise. */
const WITHOUT_FILE: ConfigInput = {
  version: '0.1',
  storage: { filesystem: { rootdirectory: './registry-data' } },
  log: { level: 'warn' },
};

/**
 * Loads the configuration of a server.
 *
 * @throws ConfigurationError when the file cannot be read or a value is wrong; it names every problem.
 */
export async function loadConfig({
  path,
  environment = {},
}: LoadConfigOptions = {}): Promise<LoadedConfig> {
  return loadConfigFile(await readConfigFile(path), environment);
}

/**
 * Loads the configuration of a server from a file that has been read.
 *
 * @param file Without one: as `loadConfig`.
 * @throws ConfigurationError when a value is wrong; it names every problem.
 */
export function loadConfigFile(
  file: ConfigFile | undefined,
  environment: Environment,
): LoadedConfig {
  if (file !== undefined) return parseConfig(file.text, { path: file.path, environment });
  const nothing = emptyMap({ program: 'no configuration file' });
  return { ...completeConfig(nothing, environment, WITHOUT_FILE), file };
}

/** @throws ConfigurationError when the file cannot be read. */
export async function readConfigFile(path: string): Promise<ConfigFile>;
export async function readConfigFile(path: string | undefined): Promise<ConfigFile | undefined>;
export async function readConfigFile(path: string | undefined): Promise<ConfigFile | undefined> {
  if (path === undefined) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    return { path, text };
  } catch (error) {
    const reason = READ_FAILURES[(error as NodeJS.ErrnoException).code ?? ''];
    const line = `${path}: ${reason ?? `cannot be read: ${(error as Error).message}`}`;
    throw new ConfigurationError([line], { cause: error });
  }
}

/**
 * Reads the text of a configuration file.
 *
 * @param options.path For messages only.
 * @throws ConfigurationError when a value is wrong; it names every problem.
 */
export function parseConfig(
  text: string,
  { path = 'config.yml', environment = {} }: LoadConfigOptions = {},
): LoadedConfig {
  const start: Origin = { file: path, line: 1, column: 1 };
  const { tree = emptyMap(start), problems } = parseDocument(text, (line, column) => ({
    file: path,
    line,
    column,
  }));
  if (problems.length > 0) throw new ConfigurationError(problems.map(formatProblem));
  if (tree.kind === 'map') {
    return { ...completeConfig({ ...tree, origin: start }, environment), file: { path, text } };
  }
  const found = `expected a map of keys, found ${tree.kind === 'list' ? 'a list' : 'a single value'}`;
  throw new ConfigurationError([formatProblem({ origin: tree.origin, key: '', message: found })]);
}

/**
 * The configuration that a program writes itself. Where it says nothing, content is kept in memory and the server
 * listens on a free port of the loopback interface.
 *
 * @throws ConfigurationError when a value is wrong, or a key unknown.
 */
export function createConfig(input: ConfigInput = {}): Config {
  const tree = treeFromValue(input, { program: 'options' }) as MapNode;
  const { config, warnings } = completeConfig(
    tree,
    {},
    {
      version: '0.1',
      storage: 'inmemory',
      http: { addr: '127.0.0.1:0', draintimeout: 0 },
    },
  );
  if (warnings.length > 0) throw new ConfigurationError(warnings);
  return config;
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such configuration file',
  EACCES: 'no permission to read the configuration file',
  EISDIR: 'expected a configuration file, found a directory',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'the configuration file is not UTF-8',
};

function completeConfig(
  written: MapNode,
  environment: Environment,
  fallback: ConfigInput = {},
): Omit<LoadedConfig, 'file'> {
  const overridden = applyEnvironment(written, environment, configSchema);
  const fallbackTree = withNamedMaps(treeFromValue(fallback, written.origin) as MapNode);
  const tree = withFallback(withNamedMaps(overridden.tree), fallbackTree);
  const reading = readTree(tree, configSchema);
  const result = configSchema.safeParse(reading.value);
  const problems = [
    ...overridden.problems,
    ...reading.problems,
    ...(result.error?.issues ?? []).map((issue) => problemOf(issue, tree)),
  ].filter((problem, _, all) => !isConsequence(problem, all));
  const warnings = [...overridden.warnings, ...reading.warnings].map(formatProblem);
  if (problems.length > 0) {
    throw new ConfigurationError(problems.sort(byPlace).map(formatProblem), { warnings });
  }
  const effective = effectiveTree(tree, configSchema);
  return { config: freeze(result.data!), warnings, effective };
}

/** Makes maps of the sections that a name alone can stand for. */
function withNamedMaps(tree: MapNode): MapNode {
  let result = tree;
  for (const key of ['storage', 'auth']) {
    const entry = tree.entries.get(key);
    if (entry !== undefined) {
      result = withEntry(result, key, { ...entry, node: expandName(entry.node) });
    }
  }
  return result;
}

/** Adds what is missing. To a storage section that names another driver, nothing is added. */
function withFallback(tree: MapNode, fallback: MapNode): MapNode {
  let result = tree;
  for (const [key, entry] of fallback.entries) {
    const written = result.entries.get(key);
    if (written === undefined) result = withEntry(result, key, entry);
    else if (isOpenTo(key, written.node, entry.node)) {
      const node = withFallback(written.node as MapNode, entry.node as MapNode);
      result = withEntry(result, key, { ...written, node });
    }
  }
  return result;
}

function isOpenTo(key: string, written: ConfigNode, fallback: ConfigNode): boolean {
  if (written.kind !== 'map' || fallback.kind !== 'map') return false;
  const isOwn = (name: string) => BESIDE_DRIVERS.has(name) || fallback.entries.has(name);
  return key !== 'storage' || [...written.entries.keys()].every(isOwn);
}

function problemOf(issue: z.core.$ZodIssue, tree: MapNode): Problem {
  const steps = issue.path.map(String);
  if (issue.code === 'invalid_key') return keyProblem(issue, steps, tree);
  const key = steps.join('.');
  const node = nodeAt(tree, ...steps);
  return {
    origin: node === undefined ? nearestOrigin(tree, steps) : originOf(node),
    key,
    message: `expected ${issue.message}, found ${describeFound(node, key)}`,
  };
}

function keyProblem(
  { issues }: z.core.$ZodIssueInvalidKey,
  steps: readonly string[],
  tree: MapNode,
): Problem {
  const map = nodeAt(tree, ...steps.slice(0, -1)) as MapNode;
  const found = steps.at(-1)!;
  return {
    origin: map.entries.get(found)!.origin,
    key: steps.slice(0, -1).join('.'),
    message: `expected ${issues[0]!.message}, found ${found}`,
  };
}

/** A variable that added to a section of the file is what is wrong with the section. */
function originOf(node: ConfigNode): Origin {
  const entries = node.kind === 'map' ? [...node.entries.values()] : [];
  return entries.find(({ origin }) => 'variable' in origin)?.origin ?? node.origin;
}

function nearestOrigin(tree: MapNode, steps: readonly string[]): Origin {
  for (let length = steps.length - 1; length > 0; length--) {
    const node = nodeAt(tree, ...steps.slice(0, length));
    if (node !== undefined) return node.origin;
  }
  return tree.origin;
}

/** "No driver" adds nothing when a driver is there that this version does not know. */
function isConsequence(problem: Problem, all: readonly Problem[]): boolean {
  return problem.key === 'storage' && all.some(({ key }) => key.startsWith('storage.'));
}

/** In the order of the file; what comes from elsewhere after it. */
function byPlace(a: Problem, b: Problem): number {
  const [line, column] = placeOf(a.origin);
  const [otherLine, otherColumn] = placeOf(b.origin);
  return line - otherLine || column - otherColumn;
}

function placeOf(origin: Origin): readonly [line: number, column: number] {
  return 'file' in origin ? [origin.line, origin.column] : [Number.MAX_SAFE_INTEGER, 0];
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
