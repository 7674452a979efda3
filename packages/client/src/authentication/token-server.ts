import { accountOf, secretsOf, type Credentials } from '../credentials/credentials.ts';
import { answerError } from '../transport/answer-error.ts';
import { displayUrl } from '../transport/display.ts';
import type { ExchangeAs } from '../transport/exchange-as.ts';
import type { Hop } from '../transport/exchange.ts';
import type { TransportObserver } from '../transport/observer.ts';
import { OutgoingBody } from '../transport/outgoing-body.ts';
import { readAtMost } from '../transport/read-body.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { TransportResponse } from '../transport/transport.ts';
import { basicAuthorization } from './basic.ts';
import type { Realm } from './realm.ts';
import { parseToken, type Token } from './token.ts';

/** What a token is asked for. */
export interface TokenRequest {
  readonly realm: Realm;
  readonly service: string | undefined;
  /** As `normalizeScopes` gives them. */
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
}

export interface TokenServerOptions {
  readonly exchange: ExchangeAs;
  readonly headers: Readonly<Record<string, string>>;
  readonly clientId: string;
  /** Whether to ask for a refresh token. */
  readonly offlineTokens: boolean;
  /** Longest wait for the body of an answer, in milliseconds. */
  readonly deadlineMs: number;
  readonly observer: TransportObserver | undefined;
}

/** An answer holds one or two tokens, and those are bounded. */
const LONGEST_ANSWER = 512 * 1024;

/** Statuses by which servers say that they know the other way to ask alone. */
const OTHER_WAY: ReadonlySet<number> = new Set([404, 405]);

/** Asks token servers for tokens, each time anew. */
export class TokenServer {
  readonly #options: TokenServerOptions;

  constructor(options: TokenServerOptions) {
    this.#options = options;
  }

  /**
   * Asks by GET, or by POST as OAuth2 does for a refresh token, and where GET is not known.
   *
   * @throws RegistryClientError `UNAUTHORIZED` when the credentials are refused, `TOOMANYREQUESTS`, `UNAVAILABLE`,
   * `RESPONSE_INVALID`; the signal's reason.
   * @see CNCF Distribution, "Token Authentication Specification" and "OAuth2 Token Authentication".
   */
  async token(request: TokenRequest, signal: AbortSignal): Promise<Token> {
    const { credentials, realm, scopes } = request;
    this.#options.observer?.({ kind: 'token', realm: displayUrl(realm.url), scopes });
    if (credentials !== undefined && 'identityToken' in credentials) {
      const grant = { grant_type: 'refresh_token', refresh_token: credentials.identityToken };
      return this.#read(await this.#post(request, grant, signal), request, signal);
    }
    const answer = await this.#get(request, signal);
    if (
      !OTHER_WAY.has(answer.status) ||
      credentials === undefined ||
      !('password' in credentials)
    ) {
      return this.#read(answer, request, signal);
    }
    answer.body.destroy();
    const { username, password } = credentials;
    const access = this.#options.offlineTokens ? { access_type: 'offline' } : {};
    const grant = { grant_type: 'password', username, password, ...access };
    return this.#read(await this.#post(request, grant, signal), request, signal);
  }

  #get(request: TokenRequest, signal: AbortSignal): Promise<TransportResponse> {
    const { realm, service, scopes, credentials } = request;
    const url = new URL(realm.url);
    url.hash = '';
    if (service !== undefined) url.searchParams.append('service', service);
    for (const scope of scopes) url.searchParams.append('scope', scope);
    const headers: Record<string, string> = { ...this.#options.headers };
    if (credentials !== undefined && 'password' in credentials) {
      url.searchParams.append('account', credentials.username);
      headers['authorization'] = basicAuthorization(credentials);
    }
    if (this.#options.offlineTokens && credentials !== undefined) {
      url.searchParams.append('offline_token', 'true');
      url.searchParams.append('client_id', this.#options.clientId);
    }
    return this.#send({ method: 'GET', url, headers, signal }, request);
  }

  #post(
    request: TokenRequest,
    grant: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<TransportResponse> {
    const { realm, service, scopes } = request;
    const form = new URLSearchParams({ ...grant, client_id: this.#options.clientId });
    if (service !== undefined) form.append('service', service);
    if (scopes.length > 0) form.append('scope', scopes.join(' '));
    const headers = {
      ...this.#options.headers,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const body = new OutgoingBody(Buffer.from(String(form)), undefined);
    return this.#send({ method: 'POST', url: realm.url, headers, body, signal }, request);
  }

  #send(hop: Omit<Hop, 'progress'>, { realm }: TokenRequest): Promise<TransportResponse> {
    return this.#options.exchange({ ...hop, progress: { isSent: false } }, realm.role);
  }

  async #read(
    answer: TransportResponse,
    request: TokenRequest,
    signal: AbortSignal,
  ): Promise<Token> {
    const { deadlineMs } = this.#options;
    if (answer.status !== 200) throw await this.#refusal(answer, request);
    const { bytes, whole } = await readAtMost(answer.body, LONGEST_ANSWER, deadlineMs).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw cutAnswer(error, request);
      },
    );
    const realm = displayUrl(request.realm.url);
    if (whole) return parseToken(new TextDecoder().decode(bytes), answer.headers, realm);
    throw new RegistryClientError('RESPONSE_INVALID', {
      message: `the token server ${realm} answers more than ${LONGEST_ANSWER} bytes`,
    });
  }

  async #refusal(answer: TransportResponse, { credentials }: TokenRequest): Promise<Error> {
    const error = await answerError(answer, {
      method: 'token request',
      secrets: secretsOf(credentials),
      withinMs: this.#options.deadlineMs,
    });
    // A redirect is not followed: credentials go to the realm that was judged, and nowhere else.
    const isRefusal = answer.status >= 400 && !error.retryable;
    if (!isRefusal) return error;
    const who = accountOf(credentials) || 'an anonymous user';
    return new RegistryClientError('UNAUTHORIZED', {
      message: `no token for ${who}: ${error.message}`,
      detail: error.detail,
      status: error.status,
      requestId: error.requestId,
    });
  }
}

function cutAnswer(error: unknown, { realm }: TokenRequest): RegistryClientError {
  if (RegistryClientError.is(error)) return error;
  return new RegistryClientError('UNAVAILABLE', {
    message: `the token server ${displayUrl(realm.url)} did not end its answer in time`,
    cause: error,
    retryable: true,
  });
}
