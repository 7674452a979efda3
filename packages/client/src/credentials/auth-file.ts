import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isObject, type JsonObject } from '@purser/core';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { Credentials } from './credentials.ts';

/**
 * The file where docker, podman and others keep credentials. What is not about them stays as it is.
 *
 * @see containers-auth.json(5); Docker, "docker login", "Credential stores".
 */
export type AuthFile = JsonObject;

/**
 * Reads the file; an empty one when there is none.
 *
 * @throws RegistryClientError `UNAUTHORIZED` when it cannot be read or is none.
 */
export async function readAuthFile(path: string): Promise<AuthFile> {
  try {
    const file: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (isObject(file)) return file;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    // The message of the parser would show what stands in the file.
    if (code !== undefined) throw unreadable(path, code, error);
  }
  throw unreadable(path, 'it is no JSON object');
}

/** Replaces the file as a whole, readable to its owner alone. A process that dies leaves the old one. */
export async function writeAuthFile(path: string, file: AuthFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A file that is a link, as into a directory of settings, stays one.
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(file, undefined, '\t')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What is kept for registries and their namespaces, by key. */
export function authsOf(file: AuthFile): readonly (readonly [string, unknown])[] {
  return isObject(file['auths']) ? Object.entries(file['auths']) : [];
}

/** The names of helpers, by registry. */
export function helpersOf(file: AuthFile): readonly (readonly [string, string])[] {
  const helpers = isObject(file['credHelpers']) ? Object.entries(file['credHelpers']) : [];
  return helpers.flatMap(([key, name]) => (typeof name === 'string' ? [[key, name] as const] : []));
}

/** The name of the helper for all registries that have none of their own. */
export function storeOf({ credsStore }: AuthFile): string | undefined {
  return typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined;
}

/** Credentials as they stand in the file; `undefined` for an entry that has none. */
export function decodeEntry(entry: unknown): Credentials | undefined {
  if (!isObject(entry)) return undefined;
  const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : '');
  if (text('identitytoken') !== '') return { identityToken: text('identitytoken') };
  if (text('registrytoken') !== '') return { registryToken: text('registrytoken') };
  const decoded = Buffer.from(text('auth'), 'base64').toString();
  const colon = decoded.indexOf(':');
  // Some writers fill the end with zeros.
  const [username, password] =
    colon > 0
      ? [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, '')]
      : [text('username'), text('password')];
  return username === '' ? undefined : { username, password };
}

export function encodeEntry(credentials: Credentials): JsonObject {
  if ('identityToken' in credentials) return { identitytoken: credentials.identityToken };
  if ('registryToken' in credentials) return { registrytoken: credentials.registryToken };
  const { username, password } = credentials;
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') };
}

function unreadable(path: string, reason: string, cause?: unknown): RegistryClientError {
  return new RegistryClientError('UNAUTHORIZED', {
    message: `credentials cannot be read from ${path}: ${reason}`,
    cause,
  });
}
