import { InvalidArgumentError, type Command } from 'commander';
import { accessOf, addConnectionOptions, type ConnectionFlags } from './access-options.ts';
import { PLACES_HELP } from './places-help.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

const COPY_HELP = `
Examples:
  purser copy debian:12 localhost:5000/debian:12
  purser copy --referrers registry.example/app:1.0 oci:app:1.0
  purser copy --platform linux/arm64 oci-archive:app.tar localhost:5000/app:1.0
  purser copy --dry-run debian:12 localhost:5000/debian:12
${PLACES_HELP}
What the target holds is not sent again, so that a copy that broke off goes on where it was. Tags
come last. An archive is written anew and replaces one of that name.
`;

interface CopyFlags extends ConnectionFlags {
  readonly srcCreds?: string;
  readonly dstCreds?: string;
  readonly platform?: string;
  readonly referrers?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly concurrency?: number;
}

/** `purser copy`. */
export function addCopy(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('copy <source> <target>')
    .alias('cp')
    .description('Copy an image between registries and image layouts, byte for byte.')
    .option('-a, --all', 'every platform of the image, which is the default')
    .option('-p, --platform <os/arch[/variant]>', 'the image for this platform alone')
    .option(
      '-r, --referrers',
      'also what refers to it: signatures, attestations, what refers to those',
    )
    .option('-n, --dry-run', 'say what would be copied, and change nothing')
    .option('-q, --quiet', 'no progress')
    .option('--json', 'one JSON document in place of text')
    .option('--concurrency <number>', 'most blobs at a time (6)', positiveInteger)
    .option('--src-creds <user:password>', 'credentials for the source')
    .option('--dst-creds <user:password>', 'credentials for the target')
    .addHelpText('after', COPY_HELP)
    .action((source: string, target: string, flags: CopyFlags) =>
      run(async () => {
        const { copyImage } = await import('./copy.ts');
        const sourceAccess = accessOf(process, { ...flags, creds: flags.srcCreds });
        const targetAccess = accessOf(process, { ...flags, creds: flags.dstCreds });
        return copyImage({ ...flags, source, target, sourceAccess, targetAccess }, process);
      }),
    );
  addConnectionOptions(command);
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw new InvalidArgumentError('expected a whole number from 1 to 64.');
}
