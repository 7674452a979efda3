import { LRUCache } from 'lru-cache';
import { accountOf } from '../credentials/credentials.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import { SharedWork } from './shared-work.ts';
import type { Token } from './token.ts';
import type { TokenRequest, TokenServer } from './token-server.ts';

/** Tokens are a few kilobytes each. */
const MOST_TOKENS = 1000;
const MOST_REFRESH_TOKENS = 100;

interface TokenOptions {
  readonly signal?: AbortSignal | undefined;
  /** A token that was refused: it is not given again. */
  readonly refused?: string | undefined;
}

/** Gives tokens, from memory while they can be used. Of equal ones that are asked for at once, one is fetched. */
export class TokenSource {
  readonly #server: TokenServer;
  readonly #tokens = new LRUCache<string, Token>({ max: MOST_TOKENS });
  readonly #refreshTokens = new LRUCache<string, string>({ max: MOST_REFRESH_TOKENS });
  readonly #fetches = new SharedWork<Token>();

  constructor(server: TokenServer) {
    this.#server = server;
  }

  /** @throws As `TokenServer.token`. */
  async token(request: TokenRequest, { signal, refused }: TokenOptions = {}): Promise<string> {
    const key = keyOf(request, request.scopes);
    const known = this.#tokens.get(key);
    if (known !== undefined && known.value !== refused && known.endsAt > Date.now()) {
      return known.value;
    }
    this.#tokens.delete(key);
    const fetch = async (end: AbortSignal) => {
      const token = await this.#fetch(request, end);
      this.#tokens.set(key, token);
      return token;
    };
    return (await this.#fetches.run(key, fetch, signal)).value;
  }

  async #fetch(request: TokenRequest, signal: AbortSignal): Promise<Token> {
    const key = keyOf(request, []);
    const refreshToken = this.#refreshTokens.get(key);
    const token =
      (refreshToken === undefined
        ? undefined
        : await this.#refresh(request, refreshToken, signal)) ??
      (await this.#server.token(request, signal));
    if (token.refreshToken !== undefined) this.#refreshTokens.set(key, token.refreshToken);
    return token;
  }

  /** `undefined` when the refresh token is good no longer. */
  async #refresh(
    request: TokenRequest,
    identityToken: string,
    signal: AbortSignal,
  ): Promise<Token | undefined> {
    try {
      return await this.#server.token({ ...request, credentials: { identityToken } }, signal);
    } catch (error) {
      if (!RegistryClientError.is(error, 'UNAUTHORIZED')) throw error;
      this.#refreshTokens.delete(keyOf(request, []));
      return undefined;
    }
  }
}

function keyOf({ realm, service, credentials }: TokenRequest, scopes: readonly string[]): string {
  return JSON.stringify([realm.url.href, service, accountOf(credentials), ...scopes]);
}
