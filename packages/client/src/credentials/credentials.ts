import type { OperationOptions, RepositoryName } from '@purser/core';

/** What proves to a registry, or to its token server, who is asking. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** A refresh token, given to the token server for access tokens (OAuth2). */
  | { readonly identityToken: string }
  /** An access token, sent to the registry as it is. */
  | { readonly registryToken: string };

/** Finds the credentials of a registry. */
export interface Keychain {
  /**
   * The credentials of a registry; `undefined` when there are none, so that it is asked anonymously.
   *
   * @param host The host of the registry's URL, with the port unless it is the default one: `registry.example:5000`.
   * @throws RegistryClientError `UNAUTHORIZED` when the place where they are kept cannot be read.
   */
  credentials(host: string, options?: CredentialsOptions): Promise<Credentials | undefined>;
}

export interface CredentialsOptions extends OperationOptions {
  /** The repository that is going to be used, for credentials that are kept for a part of a registry. */
  readonly repository?: RepositoryName | string | undefined;
  /** The registry refused the earlier answer: do not give it from memory. Default `false`. */
  readonly fresh?: boolean | undefined;
}

/** A name for whose credentials these are, which tells no secret beyond this process. */
export function accountOf(credentials: Credentials | undefined): string {
  if (credentials === undefined) return '';
  if ('username' in credentials) return `user:${credentials.username}`;
  return 'identityToken' in credentials ? 'identity-token' : 'registry-token';
}

/** What must not be told of credentials. */
export function secretsOf(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  if ('username' in credentials) return [credentials.password];
  return 'identityToken' in credentials ? [credentials.identityToken] : [credentials.registryToken];
}
