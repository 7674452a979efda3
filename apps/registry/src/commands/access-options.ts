import { readFileSync } from 'node:fs';
import { RegistryError } from '@purser/core';
import { Option, type Command } from 'commander';
import type { RegistryAccess } from '../places/open-registry.ts';
import type { CommandProcess } from './serve.ts';

export interface ConnectionFlags {
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly authfile?: string;
}

export interface AccessFlags extends ConnectionFlags {
  readonly creds?: string | undefined;
}

/** Adds what a command that speaks to one registry can be told of it. */
export function addAccessOptions(command: Command): void {
  command.option('--creds <user:password>', 'credentials for the registry');
  addConnectionOptions(command);
}

/** Adds what a command can be told of every registry it speaks to, credentials excepted. */
export function addConnectionOptions(command: Command): void {
  command
    .option('--insecure', 'accept any certificate, and plain HTTP')
    .option('--ca <file>', 'certificates of authorities to trust, in PEM')
    .addOption(authFileOption());
}

export function authFileOption(): Option {
  const place = 'where credentials are kept ($REGISTRY_AUTH_FILE, or ~/.docker/config.json)';
  return new Option('--authfile <path>', place);
}

/** @throws RegistryError `PARAMETER_INVALID` when certificates or credentials cannot be read. */
export function accessOf(
  { environment }: CommandProcess,
  { insecure, ca, authfile, creds }: AccessFlags,
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
