import { readConfigFile, type ConfigFile } from './config-file.ts';
import { parseDocument } from './document.ts';
import { effectiveTree } from './effective.ts';
import { applyEnvironment, type Environment } from './environment.ts';
import { ConfigurationError, formatProblem, type Origin } from './problems.ts';
import { incompleteCredentials } from './incomplete-credentials.ts';
import { readTree } from './read-tree.ts';
import { mistakenUpstreams } from './upstream-addresses.ts';
import { problemOf, worthTelling } from './schema-problems.ts';
import { BESIDE_DRIVERS } from './storage-section.ts';
import { configSchema, type Config, type ConfigInput } from './schema.ts';
import {
  emptyMap,
  expandName,
  treeFromValue,
  withEntry,
  type ConfigNode,
  type MapNode,
} from './tree.ts';

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
  const file = path === undefined ? undefined : await readConfigFile(path);
  return loadConfigFile(file, environment);
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
  ];
  const warnings = [
    ...overridden.warnings,
    ...reading.warnings,
    ...incompleteCredentials(tree),
    ...mistakenUpstreams(tree),
  ].map(formatProblem);
  if (problems.length > 0) {
    throw new ConfigurationError(worthTelling(problems).map(formatProblem), { warnings });
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

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
