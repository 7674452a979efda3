import { createCredentialStore, RegistryClientError, type CredentialStore } from '@purser/client';
import { RegistryError } from '@purser/core';
import { createImageDecoder } from '../places/image-decoder.ts';
import { openRegistry, type RegistryAccess } from '../places/open-registry.ts';
import { registryOf } from '../places/place.ts';
import type { CommandProcess } from './serve.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export interface LoginArguments {
  readonly registry: string;
  readonly username?: string | undefined;
  readonly passwordStdin?: boolean | undefined;
  readonly access: RegistryAccess;
}

/**
 * Keeps credentials for a registry after the registry has accepted them: `purser login`.
 *
 * @returns The exit status.
 * @throws RegistryError `PARAMETER_INVALID` when it refuses them; Stopped.
 */
export async function login(words: LoginArguments, process: CommandProcess): Promise<number> {
  const { access } = words;
  const address = registryOf(words.registry);
  const { domain } = address;
  const signal = stopOnSignal(process);
  const username = words.username ?? (await askUsername(words, process));
  const password =
    words.passwordStdin === true ? await readPassword(process) : await askPassword(process);
  const credentials = { username, password };
  const decoder = createImageDecoder();
  await using registry = await openRegistry(address, {
    decoder,
    access: { ...access, credentials },
    signal,
  });
  await registry.check({ signal }).catch((error: unknown) => {
    throw RegistryClientError.is(error, 'UNAUTHORIZED') ? refusedLogin(domain, error) : error;
  });
  const { path, helper } = await storeOf(access).store(domain, credentials, { signal });
  const place = helper === undefined ? path : `the credential helper ${helper}`;
  process.writeOutput(`Logged in to ${domain} as ${username}; kept in ${place}\n`);
  return 0;
}

/**
 * Forgets the credentials of a registry: `purser logout`.
 *
 * @returns The exit status.
 */
export async function logout(
  words: Pick<LoginArguments, 'registry' | 'access'>,
  process: CommandProcess,
): Promise<number> {
  const { domain } = registryOf(words.registry);
  const isForgotten = await storeOf(words.access).erase(domain);
  process.writeOutput(
    isForgotten ? `Logged out of ${domain}\n` : `There were no credentials for ${domain}\n`,
  );
  return 0;
}

function storeOf({ authFile: path, environment }: RegistryAccess): CredentialStore {
  return createCredentialStore({ path, environment });
}

function askUsername({ passwordStdin }: LoginArguments, { terminal }: CommandProcess) {
  if (terminal === undefined || passwordStdin === true) {
    throw missing('say who logs in: --username <name>');
  }
  return terminal.ask('Username: ');
}

function askPassword({ terminal }: CommandProcess): Promise<string> {
  if (terminal === undefined) {
    throw missing(
      'there is no terminal to ask for a password at: pipe it in, with --password-stdin',
    );
  }
  return terminal.askSecret('Password:');
}

/** The most that is read as a password, in bytes: identity tokens are long. */
const MAXIMUM_PASSWORD_BYTES = 64 * 1024;

async function readPassword({ input }: CommandProcess): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > MAXIMUM_PASSWORD_BYTES)
      throw missing('what was piped in is too long for a password');
  }
  // `echo` and files end with a line break, passwords do not.
  const password = Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
  if (password !== '') return password;
  throw missing('no password was piped in, which --password-stdin waits for');
}

/** The advice for other refusals is to log in, which was just tried. */
function refusedLogin(domain: string, cause: Error): RegistryError {
  return new RegistryError('PARAMETER_INVALID', {
    message: `${domain} refuses this user name or password; some registries want an access token as the password`,
    cause,
  });
}

function missing(message: string): RegistryError {
  return new RegistryError('PARAMETER_INVALID', { message });
}
