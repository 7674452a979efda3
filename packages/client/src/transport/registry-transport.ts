import type { Authenticator } from '../authentication/authenticator.ts';
import { answerError } from './answer-error.ts';
import type { Connections } from './connections.ts';
import { displayUrl } from './display.ts';
import type { ExchangeAs } from './exchange-as.ts';
import type { Hop, Progress } from './exchange.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { TransportObserver } from './observer.ts';
import { OutgoingBody } from './outgoing-body.ts';
import { discard } from './read-body.ts';
import { checkSchemes, isRedirect, redirectHop, redirectTarget } from './redirect.ts';
import { RegistryClientError } from './registry-client-error.ts';
import type { Retry } from './retry.ts';
import { secretsOfAuthorization } from './secrets.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';
import type { Warnings } from './warnings.ts';

interface RegistryTransportOptions {
  readonly registry: URL;
  readonly connections: Connections;
  readonly exchangeAs: ExchangeAs;
  readonly neighbourhood: Neighbourhood;
  readonly authenticator: Authenticator;
  readonly retry: Retry;
  readonly userAgent: string;
  readonly deadlineMs: number;
  readonly maximumRedirects: number;
  /** Origins that the registry may lead to wherever they are. */
  readonly trustedRedirects: readonly string[];
  readonly observer: TransportObserver;
  readonly warnings: Warnings;
}

/** What is known while one attempt is made to have a request answered. */
interface Attempt {
  readonly request: TransportRequest;
  readonly body: OutgoingBody | undefined;
  readonly progress: Progress;
  /** What was sent as proof: nothing that may be told. */
  secrets: readonly string[];
}

/** Attempts, each of which follows redirects, on each of which challenges of the registry are answered. */
export class RegistryTransport implements Transport {
  readonly #options: RegistryTransportOptions;

  constructor(options: RegistryTransportOptions) {
    this.#options = options;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const { method, url, signal, contentLength } = request;
    const { observer, retry } = this.#options;
    const body =
      request.body === undefined ? undefined : new OutgoingBody(request.body, contentLength);
    const progress: Progress = { isSent: false };
    return retry.run(() => this.#attempt({ request, body, progress, secrets: [] }), {
      signal,
      isSafe: (error) => mayRepeat(error, { request, body, progress }),
      report: ({ attempt, waitMs, error: { code, status } }) =>
        observer({ kind: 'retried', method, url: displayUrl(url), attempt, waitMs, code, status }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.connections.close();
  }

  async #attempt(attempt: Attempt): Promise<TransportResponse> {
    const { request, body } = attempt;
    const { method, codes, signal, expect, followRedirects } = request;
    attempt.progress.isSent = false;
    const answer = await this.#follow(attempt);
    const isRefusedRedirect = followRedirects === false && isRedirect(answer.status);
    if (isRefusedRedirect || expect.includes(answer.status)) return answer;
    const { secrets } = attempt;
    const withinMs = this.#options.deadlineMs;
    const error = await answerError(answer, { method, codes, secrets, withinMs });
    signal?.throwIfAborted();
    // A source that failed is why the registry complained.
    throw body?.failure === undefined ? error : body.failure.error;
  }

  async #follow(attempt: Attempt): Promise<TransportResponse> {
    const { request, body, progress } = attempt;
    const { maximumRedirects, registry, userAgent } = this.#options;
    const { method, url, signal, followRedirects, isTransfer } = request;
    const headers = { 'user-agent': userAgent, ...sendableHeaders(request) };
    let hop: Hop = { method, url, headers, body, signal, isTransfer, progress };
    let isAtHome = url.origin === registry.origin;
    if (!isAtHome) checkSchemes(registry, url);
    for (let followed = 0; ; followed++) {
      const answer = await (isAtHome ? this.#askRegistry(hop, attempt) : this.#askOther(hop));
      if (followRedirects === false || !isRedirect(answer.status)) return answer;
      await discard(answer);
      const target = redirectTarget(answer);
      if (followed >= maximumRedirects) throw tooManyRedirects(url, maximumRedirects);
      hop = redirectHop(hop, answer.status, target);
      if (hop.body?.canBeSent === false) throw bodyIsGone(url);
      // Whoever was elsewhere may come back, but without credentials: another server chose the request.
      isAtHome &&= target.origin === registry.origin;
    }
  }

  #askRegistry(hop: Hop, attempt: Attempt): Promise<TransportResponse> {
    const { authenticator, exchangeAs, warnings } = this.#options;
    return authenticator.send(hop, attempt.request.scopes, async (proven) => {
      attempt.secrets = secretsOfAuthorization(proven.headers['authorization']);
      const answer = await exchangeAs(proven, 'registry');
      warnings.report(answer);
      return answer;
    });
  }

  #askOther(hop: Hop): Promise<TransportResponse> {
    const { registry, neighbourhood, trustedRedirects, exchangeAs } = this.#options;
    const { origin, hostname } = hop.url;
    if (origin === registry.origin) return exchangeAs(hop, 'registry');
    if (trustedRedirects.includes(origin)) return exchangeAs(hop, 'trusted-other');
    neighbourhood.check(hostname);
    return exchangeAs(hop, 'other');
  }
}

/** Headers that the transport alone writes, so that none goes where it should not. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'content-length',
  'host',
]);

function sendableHeaders({ headers = {} }: TransportRequest): Hop['headers'] {
  const entries = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return Object.fromEntries(entries.filter(([name]) => !OWN_HEADERS.has(name)));
}

/** Statuses by which a registry says that it did not begin. */
const NOT_BEGUN: ReadonlySet<number | undefined> = new Set([408, 425, 429]);

function mayRepeat(
  { status }: RegistryClientError,
  { request, body, progress }: Pick<Attempt, 'request' | 'body' | 'progress'>,
): boolean {
  if (body?.canBeSent === false || body?.failure !== undefined) return false;
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  return !progress.isSent || NOT_BEGUN.has(status) || (request.repeatable ?? isReading);
}

function tooManyRedirects(url: URL, most: number): RegistryClientError {
  const message = `${displayUrl(url)} redirects more than ${most} times`;
  return new RegistryClientError('RESPONSE_INVALID', { message });
}

function bodyIsGone(url: URL): RegistryClientError {
  const message = `${displayUrl(url)} redirects a request whose body can be sent once only`;
  return new RegistryClientError('UNAVAILABLE', { message });
}
