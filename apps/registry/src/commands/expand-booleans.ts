import type { Command } from 'commander';

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/**
 * Rewrites flags with a boolean value, `--dry-run=true` and `-m=false`, to flags that are given or left out: scripts and charts
 * for distribution write them so.
 *
 * @see Go, strconv.ParseBool, for the values.
 */
export function expandBooleans(program: Command, words: readonly string[]): readonly string[] {
  const flags = new Set(
    commandOf(program, words)
      .options.filter((option) => option.isBoolean())
      .flatMap(({ short, long }) => [short, long]),
  );
  return words.flatMap((word) => {
    const [, flag = '', value = ''] = /^(--?[a-z-]+)=(\w+)$/.exec(word) ?? [];
    if (!flags.has(flag)) return [word];
    if (FALSE.has(value)) return [];
    return TRUE.has(value) ? [flag] : [word];
  });
}

/** The command that the first words name, below the one given. */
function commandOf(command: Command, [first, ...rest]: readonly string[]): Command {
  const named = command.commands.find((one) => one.name() === first);
  return named === undefined ? command : commandOf(named, rest);
}
