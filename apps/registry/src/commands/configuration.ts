import { describeConfig } from '../config/describe.ts';
import { CONFIGURATION_PATH_VARIABLE } from '../config/environment.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { ConfigurationError } from '../config/problems.ts';
import { printConfig } from '../config/print.ts';
import { remarksOn } from '../config/remarks.ts';
import type { Config } from '../config/schema.ts';
import type { StartCheck } from '../create/check-start.ts';
import { linesOf } from '../show/lines-writer.ts';
import type { CommandProcess } from './serve.ts';

type Surroundings = Pick<CommandProcess, 'environment' | 'writeError' | 'writeOutput'>;

export interface CheckArguments {
  readonly path: string | undefined;
  /** Whether a warning is a failure, too. */
  readonly strict: boolean;
  /** Whether the files that it names are opened. */
  readonly files: boolean;
}

/**
 * Says what is wrong with a configuration, or what a server would do with it: `purser config check [config.yml]`. The files
 * that a server opens at its start are opened, and nothing is changed.
 *
 * @returns The exit status: 0 when a server would start with it, 1 when not, or when there are warnings and `strict` is set.
 */
export async function checkConfiguration(
  words: CheckArguments,
  process: Surroundings,
): Promise<number> {
  const { writeOutput } = process;
  const name = pathOf(words.path, process) ?? 'environment';
  try {
    const { config, warnings, differences } = await examine(words, process);
    tellWarnings(warnings, process);
    const count = warnings.length === 0 ? '' : `, with ${countOf(warnings, 'warning')}`;
    writeOutput(`${name}: the configuration is good${count}\n`);
    for (const line of describeConfig(config)) writeOutput(`  ${line}\n`);
    for (const line of differences) writeOutput(`  unlike distribution: ${line}\n`);
    return words.strict && warnings.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    tellProblems(error, name, process);
    return 1;
  }
}

/** @throws ConfigurationError when a server would not start. */
async function examine({ path, files }: CheckArguments, process: Surroundings) {
  const { config, warnings: known, effective } = await load(path, process);
  const { deprecations, differences } = remarksOn(effective);
  const start = files ? await checkFiles(config) : NOTHING;
  const warnings = [...known, ...deprecations, ...start.warnings];
  if (start.problems.length > 0) throw new ConfigurationError(start.problems, { warnings });
  return { config, warnings, differences };
}

const NOTHING: StartCheck = { problems: [], warnings: [] };

/** Loaded when it is wanted: it needs most of the server. */
async function checkFiles(config: Config): Promise<StartCheck> {
  const { checkStart } = await import('../create/check-start.ts');
  return checkStart(config);
}

function tellProblems(
  { warnings, problems }: ConfigurationError,
  name: string,
  process: Surroundings,
): void {
  tellWarnings(warnings, process);
  const total = `${name}: ${countOf(problems, 'problem')}; a server would not start`;
  for (const line of [...problems, total]) process.writeError(`${line}\n`);
}

function tellWarnings(warnings: readonly string[], { writeError }: Surroundings): void {
  for (const warning of warnings) writeError(`warning: ${warning}\n`);
}

/**
 * Prints the configuration that counts, with the environment applied and every default, and without secrets:
 * `purser config print [config.yml]`.
 *
 * @throws ConfigurationError
 */
export async function printConfiguration(
  path: string | undefined,
  process: Surroundings,
): Promise<number> {
  const { effective, warnings } = await load(path, process);
  tellWarnings(warnings, process);
  process.writeOutput(linesOf(printConfig(effective)));
  return 0;
}

/** Prints a JSON Schema of configuration files: `purser config schema`. */
export async function printSchema({
  writeOutput,
}: Pick<CommandProcess, 'writeOutput'>): Promise<number> {
  const { createJsonSchema } = await import('../config/json-schema.ts');
  writeOutput(linesOf(JSON.stringify(createJsonSchema(), null, 2)));
  return 0;
}

function load(path: string | undefined, process: Surroundings): Promise<LoadedConfig> {
  const { environment } = process;
  return loadConfig({ path: pathOf(path, process), environment });
}

function pathOf(path: string | undefined, { environment }: Surroundings): string | undefined {
  return path ?? (environment[CONFIGURATION_PATH_VARIABLE] || undefined);
}

function countOf(lines: readonly string[], noun: string): string {
  return `${lines.length} ${noun}${lines.length === 1 ? '' : 's'}`;
}
