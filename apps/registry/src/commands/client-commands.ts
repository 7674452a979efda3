import { readFileSync } from 'node:fs';
import { RegistryError } from '@purser/core';
import { InvalidArgumentError, type Command } from 'commander';
import type { RegistryAccess } from '../places/open-registry.ts';
import type { CommandProcess } from './serve.ts';
import type { Run } from './storage-commands.ts';

interface AccessFlags {
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly authfile?: string;
  readonly creds?: string;
  readonly srcCreds?: string;
  readonly dstCreds?: string;
}

/** Adds the commands that speak to registries of others: copy, ls, inspect, rm, login, logout. */
export function addClientCommands(program: Command, process: CommandProcess, run: Run): void {
  addCopy(program, process, run);
  addList(program, process, run);
  addInspect(program, process, run);
  addRemove(program, process, run);
  addLogin(program, process, run);
}

const PLACES = `
Images are named as everywhere, or are image layouts:
  debian:12                              docker.io/library/debian:12
  registry.example/team/app:1.0          a tag of a registry; @sha256:… in place of it names content
  localhost:5000/app                     the tag latest; on this machine plain HTTP will do
  oci:image                              an OCI image layout in the directory image
  oci:image:1.0                          what is called 1.0 in it
  oci-archive:image.tar:1.0              the same in an archive
`;

interface CopyFlags extends AccessFlags {
  readonly platform?: string;
  readonly referrers?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly concurrency?: number;
}

function addCopy(program: Command, process: CommandProcess, run: Run): void {
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
        const sourceAccess = accessOf(process, flags, flags.srcCreds);
        const targetAccess = accessOf(process, flags, flags.dstCreds);
        return copyImage({ ...flags, source, target, sourceAccess, targetAccess }, process);
      }),
    );
  addAccessOptions(command);
}

const COPY_HELP = `
Examples:
  purser copy debian:12 localhost:5000/debian:12
  purser copy --referrers registry.example/app:1.0 oci:app:1.0
  purser copy --platform linux/arm64 oci-archive:app.tar localhost:5000/app:1.0
  purser copy --dry-run debian:12 localhost:5000/debian:12
${PLACES}
What the target holds is not sent again, so that a copy that broke off goes on where it was. Tags
come last. An archive is written anew and replaces one of that name.
`;

function addList(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('ls <place>')
    .description(
      'List the repositories of a registry, the tags of a repository, what refers to an image.',
    )
    .option('--json', 'a JSON list in place of lines')
    .option('--creds <user:password>', 'credentials for the registry')
    .addHelpText('after', LIST_HELP)
    .action((place: string, flags: AccessFlags & { readonly json?: boolean }) =>
      run(async () => {
        const { list } = await import('./list.ts');
        return list({ ...flags, place, access: accessOf(process, flags, flags.creds) }, process);
      }),
    );
  addAccessOptions(command);
}

const LIST_HELP = `
Examples:
  purser ls localhost:5000               repositories; for a host without dot or port, a slash after it
  purser ls localhost:5000/debian        tags
  purser ls localhost:5000/debian:12     what refers to that image: digest, type, size
  purser ls oci:image                    tags of an image layout
`;

interface InspectFlags extends AccessFlags {
  readonly platform?: string;
  readonly referrers?: boolean;
  readonly raw?: boolean;
  readonly json?: boolean;
}

function addInspect(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('inspect <image>')
    .description('Show an image: its manifests, platforms, config, layers and sizes.')
    .option('-p, --platform <os/arch[/variant]>', 'the image for this platform alone')
    .option('-r, --referrers', 'also what refers to it')
    .option('--raw', 'the manifest as it is, byte for byte')
    .option('--json', 'one JSON document in place of text')
    .option('--creds <user:password>', 'credentials for the registry')
    .addHelpText(
      'after',
      `\nExamples:\n  purser inspect debian:12\n  purser inspect --json oci:image\n${PLACES}`,
    )
    .action((place: string, flags: InspectFlags) =>
      run(async () => {
        const { inspect } = await import('./inspect.ts');
        return inspect({ ...flags, place, access: accessOf(process, flags, flags.creds) }, process);
      }),
    );
  addAccessOptions(command);
}

interface RemoveFlags extends AccessFlags {
  readonly repository?: boolean;
  readonly yes?: boolean;
}

function addRemove(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('rm <image>')
    .description('Remove a tag, a manifest by its digest with all its tags, or a repository.')
    .option('--repository', 'the whole repository of that name; it asks first')
    .option('-y, --yes', 'do not ask')
    .option('--creds <user:password>', 'credentials for the registry')
    .addHelpText('after', REMOVE_HELP)
    .action((place: string, { repository, yes, ...flags }: RemoveFlags) =>
      run(async () => {
        const access = accessOf(process, flags, flags.creds);
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

const REMOVE_HELP = `
Examples:
  purser rm localhost:5000/app:1.0            the tag; what it named stays
  purser rm localhost:5000/app@sha256:…       the manifest, and every tag of it
  purser rm --repository localhost:5000/app   all of the repository; those below it stay

The registry must allow it: storage.delete.enabled in its configuration, and for repositories
storage.delete.repositories, which other registries than Purser do not know. Space is freed when it
collects its garbage.
`;

interface LoginFlags extends AccessFlags {
  readonly username?: string;
  readonly passwordStdin?: boolean;
}

function addLogin(program: Command, process: CommandProcess, run: Run): void {
  const login = program
    .command('login [registry]')
    .description('Keep credentials for a registry, once it has taken them. Default: docker.io')
    .option('-u, --username <name>', 'asked for at a terminal when absent')
    .option('--password-stdin', 'read the password from what is piped in')
    .addHelpText('after', LOGIN_HELP)
    .action((registry: string | undefined, flags: LoginFlags) =>
      run(async () => {
        const commands = await import('./login.ts');
        return commands.login(
          { ...flags, registry: registry ?? '', access: accessOf(process, flags) },
          process,
        );
      }),
    );
  addAccessOptions(login);
  program
    .command('logout [registry]')
    .description('Forget the credentials of a registry. Default: docker.io')
    .option('--authfile <path>', AUTH_FILE)
    .action((registry: string | undefined, flags: AccessFlags) =>
      run(async () => {
        const commands = await import('./login.ts');
        return commands.logout(
          { registry: registry ?? '', access: accessOf(process, flags) },
          process,
        );
      }),
    );
}

const AUTH_FILE = 'where credentials are kept ($REGISTRY_AUTH_FILE, or ~/.docker/config.json)';

const LOGIN_HELP = `
Examples:
  purser login registry.example
  pass registry | purser login registry.example --username me --password-stdin

Credentials are kept where docker keeps them, in its credential helpers too, and are used by every
command that speaks to that registry.
`;

function addAccessOptions(command: Command): void {
  command
    .option('--insecure', 'take any certificate, and plain HTTP')
    .option('--ca <file>', 'certificates of authorities to trust, in PEM')
    .option('--authfile <path>', AUTH_FILE);
}

function accessOf(
  { environment }: CommandProcess,
  { insecure, ca, authfile }: AccessFlags,
  creds?: string,
): RegistryAccess {
  return {
    environment,
    insecure,
    ca: ca === undefined ? undefined : readCertificates(ca),
    authFile: authfile,
    credentials: creds === undefined ? undefined : parseCredentials(creds),
  };
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrongWords(`--ca ${path} cannot be read: ${(error as Error).message}`);
  }
}

function parseCredentials(text: string): { readonly username: string; readonly password: string } {
  const colon = text.indexOf(':');
  // What was given is not repeated: it may be a secret.
  if (colon <= 0) throw wrongWords('credentials must be written as user:password');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function wrongWords(message: string): RegistryError {
  return new RegistryError('PARAMETER_INVALID', { message });
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw new InvalidArgumentError('expected a whole number from 1 to 64.');
}
