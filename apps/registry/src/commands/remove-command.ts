import type { Command } from 'commander';
import { accessOf, addAccessOptions, type AccessFlags } from './access-options.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

const REMOVE_HELP = `
Examples:
  purser rm localhost:5000/app:1.0            the tag; what it named stays
  purser rm localhost:5000/app@sha256:…       the manifest, and every tag of it
  purser rm --repository localhost:5000/app   all of the repository; those below it stay

The registry must allow it: storage.delete.enabled in its configuration, and for repositories
storage.delete.repositories, which other registries than Purser do not know. Space is freed when it
collects its garbage.
`;

interface RemoveFlags extends AccessFlags {
  readonly repository?: boolean;
  readonly yes?: boolean;
}

/** `purser rm`. */
export function addRemove(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('rm <image>')
    .description('Remove a tag, a manifest by its digest with all its tags, or a repository.')
    .option('--repository', 'the whole repository of that name; it asks first')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', REMOVE_HELP)
    .action((place: string, { repository, yes, ...flags }: RemoveFlags) =>
      run(async () => {
        const access = accessOf(process, flags);
        if (repository === true) {
          const { removeRepository } = await import('./remove-repository.ts');
          return removeRepository({ place, access, yes }, process);
        }
        const { remove } = await import('./remove.ts');
        return remove({ place, access }, process);
      }),
    );
  addAccessOptions(command);
}
