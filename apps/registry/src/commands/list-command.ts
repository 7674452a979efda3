import type { Command } from 'commander';
import { accessOf, addAccessOptions, type AccessFlags } from './access-options.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

const LIST_HELP = `
Examples:
  purser ls localhost:5000               repositories; for a host without dot or port, a slash after it
  purser ls localhost:5000/debian        tags
  purser ls localhost:5000/debian:12     what refers to that image: digest, type, size
  purser ls oci:image                    tags of an image layout
`;

/** `purser ls`. */
export function addList(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('ls <place>')
    .description(
      'List the repositories of a registry, the tags of a repository, what refers to an image.',
    )
    .option('--json', 'a JSON list in place of lines')
    .addHelpText('after', LIST_HELP)
    .action((place: string, flags: AccessFlags & { readonly json?: boolean }) =>
      run(async () => {
        const { list } = await import('./list.ts');
        return list({ ...flags, place, access: accessOf(process, flags) }, process);
      }),
    );
  addAccessOptions(command);
}
