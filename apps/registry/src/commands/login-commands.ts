import type { Command } from 'commander';
import {
  accessOf,
  addConnectionOptions,
  authFileOption,
  type ConnectionFlags,
} from './access-options.ts';
import type { Run } from './run.ts';
import type { CommandProcess } from './serve.ts';

const LOGIN_HELP = `
Examples:
  purser login registry.example
  pass registry | purser login registry.example --username me --password-stdin

Credentials are kept where docker keeps them, in its credential helpers too, and are used by every
command that speaks to that registry.
`;

interface LoginFlags extends ConnectionFlags {
  readonly username?: string;
  readonly passwordStdin?: boolean;
}

/** `purser login`. */
export function addLogin(program: Command, process: CommandProcess, run: Run): void {
  const command = program
    .command('login [registry]')
    .description('Keep credentials for a registry, once it has taken them. Default: docker.io')
    .option('-u, --username <name>', 'asked for at a terminal when absent')
    .option('--password-stdin', 'read the password from what is piped in')
    .addHelpText('after', LOGIN_HELP)
    .action((registry = '', flags: LoginFlags) =>
      run(async () => {
        const { login } = await import('./login.ts');
        return login({ ...flags, registry, access: accessOf(process, flags) }, process);
      }),
    );
  addConnectionOptions(command);
}

/** `purser logout`. */
export function addLogout(program: Command, process: CommandProcess, run: Run): void {
  program
    .command('logout [registry]')
    .description('Forget the credentials of a registry. Default: docker.io')
    .addOption(authFileOption())
    .action((registry = '', flags: ConnectionFlags) =>
      run(async () => {
        const { logout } = await import('./login.ts');
        return logout({ registry, access: accessOf(process, flags) }, process);
      }),
    );
}
