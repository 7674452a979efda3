import { isDeepStrictEqual } from 'node:util';
import type { Credentials } from '../credentials/credentials.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import { basicAuthorization } from './basic.ts';
import type { Challenge } from './challenge.ts';
import { judgeRealm } from './realm.ts';
import type { RememberedCredentials } from './remembered-credentials.ts';
import type { TokenSource } from './token-source.ts';

export interface ProverOptions {
  readonly registry: URL;
  readonly credentials: RememberedCredentials;
  readonly tokens: TokenSource;
  readonly trustedRealms: readonly string[];
}

export interface ProofRequest {
  readonly challenge: Challenge;
  /** As `normalizeScopes` gives them. */
  readonly scopes: readonly string[];
  /** For whose part of the registry credentials are looked up. */
  readonly repository: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** The value of the `Authorization` header that was sent in vain. */
  readonly refused?: string | undefined;
}

/** Makes the values of `Authorization` headers. */
export class Prover {
  readonly #options: ProverOptions;

  constructor(options: ProverOptions) {
    this.#options = options;
  }

  /**
   * What answers a challenge; `undefined` when there is nothing but what was refused.
   *
   * Credentials may be changed where they are kept while they are remembered here: when they fail, they are looked up
   * once more.
   *
   * @throws RegistryClientError as `judgeRealm` and `TokenServer.token`; what the keychain throws.
   */
  async prove(request: ProofRequest): Promise<string | undefined> {
    const { repository, signal, refused } = request;
    const known = await this.#options.credentials.credentials({ repository, signal });
    let failure: unknown;
    try {
      const authorization = await this.#proveBy(known, request);
      const isUsed = refused !== undefined && authorization === refused;
      if (!isUsed) return authorization;
    } catch (error) {
      if (!RegistryClientError.is(error, 'UNAUTHORIZED')) throw error;
      failure = error;
    }
    const fresh = await this.#options.credentials.credentials({ repository, signal, fresh: true });
    if (!isDeepStrictEqual(fresh, known)) return this.#proveBy(fresh, request);
    if (failure !== undefined) throw failure;
    return undefined;
  }

  async #proveBy(
    credentials: Credentials | undefined,
    { challenge, scopes, signal, refused }: ProofRequest,
  ): Promise<string | undefined> {
    const { scheme, parameters } = challenge;
    if (scheme === 'basic') {
      if (credentials === undefined || !('password' in credentials)) return undefined;
      return basicAuthorization(credentials);
    }
    if (credentials !== undefined && 'registryToken' in credentials) {
      return `Bearer ${credentials.registryToken}`;
    }
    const realm = judgeRealm(parameters.get('realm'), this.#options);
    const token = await this.#options.tokens.token(
      { realm, service: parameters.get('service'), scopes, credentials },
      { signal, refused: refused?.replace(/^Bearer /, '') },
    );
    return `Bearer ${token}`;
  }
}
