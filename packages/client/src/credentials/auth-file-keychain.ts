import { SharedWork } from '../authentication/shared-work.ts';
import { authsOf, decodeEntry, helpersOf, readAuthFile, storeOf } from './auth-file.ts';
import { authFilePaths } from './auth-file-paths.ts';
import { CredentialHelper } from './credential-helper.ts';
import type { Credentials, CredentialsOptions, Keychain } from './credentials.ts';
import { chainKeychains } from './keychains.ts';
import { findByKey, registryKey } from './registry-key.ts';

export interface AuthFileOptions {
  /** Longest run of a credential helper in milliseconds. Default 60,000: helpers may ask a person. */
  readonly helperTimeoutMs?: number | undefined;
  /** The environment of credential helpers, and the one that says where the files are. Default: that of this process. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/**
 * Credentials that `docker login`, `podman login` or `purser login` kept: from `$REGISTRY_AUTH_FILE`, then
 * `config.json` in `$DOCKER_CONFIG` or `~/.docker`, then `$XDG_RUNTIME_DIR/containers/auth.json`. Nothing is read before
 * a registry asks for credentials.
 */
export function defaultKeychain(options: AuthFileOptions = {}): Keychain {
  const paths = authFilePaths(options.environment);
  return chainKeychains(...paths.map((path) => authFileKeychain(path, options)));
}

/**
 * Credentials of one file: by its helper for the registry, or else for all, or as they stand in it, those of the longest
 * namespace first. The file is read each time; what a helper says is remembered.
 */
export function authFileKeychain(path: string, options: AuthFileOptions = {}): Keychain {
  const helped = new HelpedCredentials(options);
  return {
    async credentials(host, { repository, ...question } = {}) {
      const file = await readAuthFile(path);
      const helper = findByKey(helpersOf(file), host, undefined) ?? storeOf(file);
      const found = helper === undefined ? undefined : await helped.get(helper, host, question);
      return found ?? findByKey(credentialsIn(file), host, repository);
    },
  };
}

function credentialsIn(file: Parameters<typeof authsOf>[0]): [string, Credentials][] {
  return authsOf(file).flatMap(([key, entry]) => {
    const credentials = decodeEntry(entry);
    return credentials === undefined ? [] : [[key, credentials]];
  });
}

/** Runs a helper once for each registry, however many repositories of it are used. */
class HelpedCredentials {
  readonly #options: AuthFileOptions;
  readonly #known = new Map<string, { readonly credentials: Credentials | undefined }>();
  readonly #questions = new SharedWork<Credentials | undefined>();

  constructor(options: AuthFileOptions) {
    this.#options = options;
  }

  async get(
    name: string,
    host: string,
    { fresh = false, signal }: CredentialsOptions,
  ): Promise<Credentials | undefined> {
    const key = `${name} ${registryKey(host)}`;
    const known = this.#known.get(key);
    if (known !== undefined && !fresh) return known.credentials;
    const { helperTimeoutMs: timeoutMs, environment } = this.#options;
    const ask = async (end: AbortSignal) => {
      const helper = new CredentialHelper(name, { timeoutMs, environment });
      const credentials = await helper.get(registryKey(host), end);
      this.#known.set(key, { credentials });
      return credentials;
    };
    return this.#questions.run(`${fresh} ${key}`, ask, signal);
  }
}
