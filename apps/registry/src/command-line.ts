import { Command, CommanderError } from 'commander';
import { addClientCommands } from './commands/client-commands.ts';
import { addConfigurationCommands } from './commands/configuration-commands.ts';
import { expandBooleans } from './commands/expand-booleans.ts';
import type { CommandProcess } from './commands/serve.ts';
import { Stopped } from './commands/stop-on-signal.ts';
import { addStorageCommands } from './commands/storage-commands.ts';
import { packageVersion } from './package-version.ts';
import { linesOf } from './show/lines-writer.ts';

const HELP = `
Examples:
  purser serve                   on 127.0.0.1:5000, content in ./registry-data
  purser serve config.yml        as a configuration file says
  REGISTRY_HTTP_ADDR=:5001 REGISTRY_STORAGE=inmemory purser serve
  purser config check config.yml
  purser copy debian:12 localhost:5000/debian:12
  purser ls localhost:5000

Configuration:
  The file has the keys of CNCF Distribution, so that its config.yml works here:

    version: 0.1
    storage:
      filesystem:
        rootdirectory: /var/lib/registry
      delete:
        enabled: true
    http:
      addr: :5000

  A wrong value stops the start, with its line. An unknown key is ignored, with a warning.
  Every key: docs/configuration.md in the source repository; config.example.yml beside this package.

Environment:
  REGISTRY_CONFIGURATION_PATH    the configuration file, when no argument names one
  REGISTRY_<SECTION>_<KEY>       sets a key: http.addr is REGISTRY_HTTP_ADDR. Text is literal, the rest is YAML.

Signals:
  SIGTERM and SIGINT let running requests finish, up to http.draintimeout (30s). A second one ends at once.
  SIGHUP has the configuration read again: users, keys, policies and the log level change without a restart.
`;

/**
 * Does what the arguments say.
 *
 * @param words Without the program itself.
 * @returns The exit status: 0, or 1 for a failure, which has then been told in `writeError`; as of a shell when a copy
 * or a listing was stopped by a signal.
 */
export async function runCommandLine(
  words: readonly string[],
  process: CommandProcess,
): Promise<number> {
  let status = 0;
  const program = createProgram(process);
  program
    .command('serve [config.yml]')
    .description('Serve a registry.')
    .action(async (path?: string) => {
      const { serve } = await import('./commands/serve.ts');
      status = await serve(path, process);
    });
  program
    .command('index-referrers [config.yml]')
    .description('Rebuild the referrers index, after another registry wrote to this storage.')
    .action(async (path?: string) => {
      const { indexReferrers } = await import('./commands/index-referrers.ts');
      status = await indexReferrers(path, process);
    });
  program
    .command('notifications')
    .description('Manage notification delivery.')
    .command('redeliver [config.yml]')
    .description('Send again the events that endpoints did not accept.')
    .option('--endpoint <name>', 'only the events of this endpoint')
    .action(async (path: string | undefined, { endpoint }: { endpoint?: string }) => {
      const { redeliverNotifications } = await import('./commands/redeliver-notifications.ts');
      status = await redeliverNotifications({ path, endpoint }, process);
    });
  const run = async (command: () => Promise<number>) => {
    status = await command();
  };
  addConfigurationCommands(program, process, run);
  addStorageCommands(program, process, run);
  addClientCommands(program, process, run);
  try {
    await program.parseAsync(expandBooleans(program, commandOf(words)), { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof Stopped) {
      process.writeError(`purser: ${error.message}\n`);
      return error.status;
    }
    const { explainFailure } = await import('./commands/explain-failure.ts');
    process.writeError(explainFailure(error));
    return 1;
  }
}

/** Without a command: the help, or `serve` for a configuration alone, as the entry point of distribution's image has it. */
function commandOf(words: readonly string[]): readonly string[] {
  const [first] = words;
  if (first === undefined) return ['--help'];
  return /\.ya?ml$/.test(first) ? ['serve', ...words] : words;
}

function createProgram({ writeOutput, writeError }: CommandProcess): Command {
  const program = new Command('purser')
    .description('A container registry: push to it, pull from it.')
    .version(`purser ${packageVersion()}`, '-v, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => writeOutput(linesOf(text)),
      writeErr: (text) => writeError(linesOf(text)),
      // An error quotes arguments, which may have line breaks; a suggestion is a line of its own.
      outputError: (text) => writeError(text.split(/\n(?=\(Did you mean )/)),
    })
    .showSuggestionAfterError()
    // Only main.ts ends the process.
    .exitOverride();
  return program;
}
