import type { OperationOptions } from '@purser/core';
import {
  authsOf,
  encodeEntry,
  helpersOf,
  readAuthFile,
  storeOf,
  writeAuthFile,
  type AuthFile,
} from './auth-file.ts';
import type { AuthFileOptions } from './auth-file-keychain.ts';
import { loginPath } from './auth-file-paths.ts';
import { CredentialHelper } from './credential-helper.ts';
import type { Credentials } from './credentials.ts';
import { findByKey, parseKey, registryKey, registryName } from './registry-key.ts';

/** Where credentials were written. */
export interface StoredAt {
  readonly path: string;
  /** The credential helper that keeps them; without one they stand in the file, readable to its owner. */
  readonly helper: string | undefined;
}

/** Keeps credentials, as `login` and `logout` do. */
export interface CredentialStore {
  /**
   * Keeps the credentials of a registry, in place of those that it had.
   *
   * @throws RegistryClientError `UNAUTHORIZED` when the file cannot be read or the helper fails, `UNSUPPORTED` for an
   * access token and a helper; what the file system says when the file cannot be written.
   */
  store(host: string, credentials: Credentials, options?: OperationOptions): Promise<StoredAt>;
  /**
   * Forgets the credentials of a registry; those of its namespaces stay.
   *
   * @returns Whether there were any.
   * @throws As `store`.
   */
  erase(host: string, options?: OperationOptions): Promise<boolean>;
}

export interface CredentialStoreOptions extends AuthFileOptions {
  /** Default: `$REGISTRY_AUTH_FILE`, or else `config.json` in `$DOCKER_CONFIG` or `~/.docker`. */
  readonly path?: string | undefined;
}

/**
 * A store that docker and podman read, too: in the credential helper that the file names for a registry or for all, or
 * else in the file. The file is replaced as a whole, with mode 0600. Of two processes that write it at the same moment
 * the later one wins.
 */
export function createCredentialStore(options: CredentialStoreOptions = {}): CredentialStore {
  const path = options.path ?? loginPath(options.environment);

  function helperOf(file: AuthFile, host: string) {
    const name = findByKey(helpersOf(file), host, undefined) ?? storeOf(file);
    if (name === undefined) return undefined;
    const { helperTimeoutMs: timeoutMs, environment } = options;
    return { name, helper: new CredentialHelper(name, { timeoutMs, environment }) };
  }

  return {
    async store(host, credentials, { signal } = {}) {
      const file = await readAuthFile(path);
      const helped = helperOf(file, host);
      await helped?.helper.store(registryKey(host), credentials, signal);
      // An empty entry tells docker that the helper has something.
      const entry = helped === undefined ? encodeEntry(credentials) : {};
      const others = authsOf(file).filter(([key]) => !isWhole(key, host));
      await writeAuthFile(path, withAuths(file, [...others, [registryKey(host), entry]]));
      return { path, helper: helped?.name };
    },
    async erase(host, { signal } = {}) {
      const file = await readAuthFile(path);
      const isErased =
        (await helperOf(file, host)?.helper.erase(registryKey(host), signal)) ?? false;
      const all = authsOf(file);
      const others = all.filter(([key]) => !isWhole(key, host));
      if (others.length === all.length) return isErased;
      await writeAuthFile(path, withAuths(file, others));
      return true;
    },
  };
}

/** Whether a key is about the registry as a whole. */
function isWhole(key: string, host: string): boolean {
  const { registry, path } = parseKey(key);
  return path === '' && registry === registryName(host);
}

function withAuths(file: AuthFile, auths: readonly (readonly [string, unknown])[]): AuthFile {
  return { ...file, auths: Object.fromEntries(auths) };
}
