import type { Command } from 'commander';
import { accessOf, addAccessOptions, type AccessFlags } from './access-options.ts';
import { PLACES_HELP } from './places-help.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

const INSPECT_HELP = `
Examples:
  purser inspect debian:12
  purser inspect --json oci:image
${PLACES_HELP}`;

interface InspectFlags extends AccessFlags {
  readonly platform?: string;
  readonly referrers?: boolean;
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** `purser inspect`. */
export function addInspect(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('inspect <image>')
    .description('Show an image: its manifests, platforms, config, layers and sizes.')
    .option('-p, --platform <os/arch[/variant]>', 'the image for this platform alone')
    .option('-r, --referrers', 'also what refers to it')
    .option('--raw', 'the manifest as it is, byte for byte')
    .option('--json', 'one JSON document in place of text')
    .addHelpText('after', INSPECT_HELP)
    .action((place: string, flags: InspectFlags) =>
      run(async () => {
        const { inspect } = await import('./inspect.ts');
        return inspect({ ...flags, place, access: accessOf(process, flags) }, process);
      }),
    );
  addAccessOptions(command);
}
