import type { Command } from 'commander';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

const CHECK_HELP = `
Every problem is a line on the standard error stream, with its place: a wrong value, a key written twice, text that is
no YAML. Unknown keys, what is not applied, deprecated keys and users that cannot log in are warnings.
The files and directories that a server opens at its start are opened, and nothing is changed: run it as the user
that the server runs as, or with --no-files on another machine.

The exit status is 0 when a server would start with it, and 1 when not; with --strict also when there are warnings.
`;

const PRINT_HELP = `
Prints YAML that loads again: what the file says, what REGISTRY_* variables override, and every default, with a comment
that tells which is which. Secrets are *** and so are user names in URLs.
`;

const SCHEMA_HELP = `
Prints a JSON Schema, draft 2020-12, with a description of every key, by which editors complete and check a file:

  purser config schema > purser.schema.json

and in the first line of config.yml, for editors with a YAML language server:

  # yaml-language-server: $schema=purser.schema.json
`;

interface CheckFlags {
  readonly strict?: boolean;
  readonly files?: boolean;
}

/** Adds the commands that look at a configuration and do nothing with it. */
export function addConfigurationCommands(
  program: Command,
  process: CommandProcess,
  run: Run,
): void {
  const config = program.command('config').description('Look at a configuration.');
  config
    .command('check [config.yml]')
    .description('Say what is wrong with it, or what a server would do with it.')
    .option('--strict', 'a warning is a failure, too')
    .option('--no-files', 'do not open the files that it names')
    .addHelpText('after', CHECK_HELP)
    .action((path: string | undefined, { strict = false, files = true }: CheckFlags) =>
      run(async () => {
        const { checkConfiguration } = await import('./configuration.ts');
        return checkConfiguration({ path, strict, files }, process);
      }),
    );
  config
    .command('print [config.yml]')
    .description('Print what counts, environment and defaults included, without secrets.')
    .addHelpText('after', PRINT_HELP)
    .action((path: string | undefined) =>
      run(async () => {
        const { printConfiguration } = await import('./configuration.ts');
        return printConfiguration(path, process);
      }),
    );
  config
    .command('schema')
    .description('Print a JSON Schema of configuration files, for editors.')
    .addHelpText('after', SCHEMA_HELP)
    .action(() =>
      run(async () => {
        const { printSchema } = await import('./configuration.ts');
        return printSchema(process);
      }),
    );
}
