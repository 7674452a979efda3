import { parseArgs } from 'node:util';

/** Options of a program with their defaults, which say their type too. */
export type OptionDefaults = Readonly<Record<string, number | string | boolean>>;

type Widened<Value> = Value extends number ? number : Value extends string ? string : boolean;

export type OptionValues<Defaults extends OptionDefaults> = {
  readonly [Name in keyof Defaults]: Widened<Defaults[Name]>;
};

/**
 * Reads the options of a program, each `--name value`, or `--name` alone for a switch.
 *
 * @param parameters The command line without the program. Default: the one of this process.
 * @returns `undefined` when there is nothing to do: help was asked for, or an option is wrong. Both are told, and the
 * exit status is set: 0, or 2.
 */
export function readCommandLine<const Defaults extends OptionDefaults>(
  usage: string,
  defaults: Defaults,
  parameters: readonly string[] = process.argv.slice(2),
): OptionValues<Defaults> | undefined {
  try {
    const { help, ...given } = parse(defaults, parameters);
    if (help === true) {
      process.stdout.write(usage);
      return undefined;
    }
    const values = Object.entries(defaults).map(([name, value]) => [
      name,
      read(name, value, given),
    ]);
    return Object.fromEntries(values) as OptionValues<Defaults>;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

type Given = Readonly<Record<string, string | boolean | undefined>>;

function parse(defaults: OptionDefaults, parameters: readonly string[]): Given {
  const options = Object.entries(defaults).map(([name, value]) => [
    name,
    { type: typeof value === 'boolean' ? ('boolean' as const) : ('string' as const) },
  ]);
  return parseArgs({
    args: [...parameters],
    options: { ...Object.fromEntries(options), help: { type: 'boolean', short: 'h' } },
  }).values as Given;
}

function read(name: string, fallback: number | string | boolean, given: Given) {
  const value = given[name];
  if (value === undefined) return fallback;
  if (typeof fallback !== 'number') return value;
  const number = Number(value);
  if (value === '' || !(number >= 0)) throw new Error(`--${name}: expected a number from 0 up`);
  return number;
}
