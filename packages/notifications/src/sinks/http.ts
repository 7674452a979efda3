import { Agent, fetch as undiciFetch, Headers, type RequestInit, type Response } from 'undici';
import type { Clock } from '../clock.ts';
import { CLOUD_EVENT, encodeCloudEvent } from '../cloud-event.ts';
import { DISTRIBUTION_EVENTS, encodeDistributionEnvelope } from '../distribution-envelope.ts';
import type { Endpoint } from '../endpoint.ts';
import { DeliveryError } from '../errors.ts';
import type { Notification } from '../event.ts';
import type { NotifierObserver } from '../observer.ts';
import { signatureHeaders } from '../signature.ts';
import { followRedirect, isRedirect, MAXIMUM_REDIRECTS } from './redirect.ts';
import type { Sink } from './sink.ts';

export type Fetch = typeof undiciFetch;

export interface HttpSinkOptions {
  readonly clock: Clock;
  readonly observer: NotifierObserver;
  readonly fetch?: Fetch | undefined;
}

/** More of an answer is not worth keeping its connection for. */
const LONGEST_ANSWER = 64 * 1024;

/**
 * Posts notifications to an endpoint, one attempt each, over one connection that is kept.
 *
 * Redirects within the origin are followed, always with POST and the body; a page of HTML at their end is that of a login, and no
 * success. Other redirects are refusals. `write` rejects with DeliveryError `DELIVERY_REFUSED`, `DELIVERY_TIMED_OUT` or `DELIVERY_FAILED`.
 *
 * @see distribution, notifications/http.go.
 */
export class HttpSink implements Sink {
  readonly #endpoint: Endpoint;
  readonly #clock: Clock;
  readonly #observer: NotifierObserver;
  readonly #fetch: Fetch;
  readonly #agent = new Agent({ connections: 1 });

  constructor(endpoint: Endpoint, { clock, observer, fetch = undiciFetch }: HttpSinkOptions) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#observer = observer;
    this.#fetch = fetch;
  }

  async write(notification: Notification, { signal }: { signal: AbortSignal }): Promise<void> {
    const { name } = this.#endpoint;
    const status = await this.#attempt(notification, signal);
    this.#observer({ kind: 'delivered', endpoint: name, status });
  }

  /** Cuts the connection. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #attempt(notification: Notification, signal: AbortSignal): Promise<number> {
    const { name, timeoutMs } = this.#endpoint;
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    const timer = setTimeout(stop, timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      return await this.#post(notification, attempt.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (DeliveryError.is(error)) throw error;
      const code = attempt.signal.aborted ? 'DELIVERY_TIMED_OUT' : 'DELIVERY_FAILED';
      throw new DeliveryError(code, { endpoint: name, reason: reasonOf(error) });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /** @throws DeliveryError `DELIVERY_REFUSED` */
  async #post(notification: Notification, signal: AbortSignal): Promise<number> {
    const request = this.#requestFor(notification);
    let url = new URL(this.#endpoint.url);
    for (let redirects = 0; ; redirects++) {
      const response = await this.#fetch(url, { ...request, signal });
      await drain(response);
      const { status, headers } = response;
      if (!isRedirect(status)) {
        if (status < 200 || status > 399) throw this.#refusal(status);
        if (redirects > 0 && isPage(response)) throw this.#refusal(status, PAGE);
        return status;
      }
      if (redirects === MAXIMUM_REDIRECTS) throw this.#refusal(status, 'too many redirects');
      const next = followRedirect(url, headers.get('location'));
      if (typeof next === 'string') throw this.#refusal(status, next);
      url = next;
    }
  }

  #requestFor(notification: Notification): RequestInit {
    const { headers, secret, envelope } = this.#endpoint;
    const isCloudEvent = envelope === 'cloudevents';
    const body = isCloudEvent
      ? encodeCloudEvent(notification)
      : encodeDistributionEnvelope(notification.event);
    return {
      method: 'POST',
      headers: joinHeaders([
        [['Content-Type', isCloudEvent ? CLOUD_EVENT : DISTRIBUTION_EVENTS]],
        headers,
        secret === undefined ? [] : signatureHeaders(secret, body, this.#clock.now()),
      ]),
      body,
      redirect: 'manual',
      dispatcher: this.#agent,
    };
  }

  #refusal(status: number, reason?: string): DeliveryError {
    return new DeliveryError('DELIVERY_REFUSED', { endpoint: this.#endpoint.name, status, reason });
  }
}

/** Headers of later groups replace those of the same name in earlier ones; within a group, a name may have several values. */
function joinHeaders(groups: readonly (readonly HeaderPair[])[]): Headers {
  const headers = new Headers();
  for (const group of groups) {
    for (const [name] of group) headers.delete(name);
    for (const [name, value] of group) headers.append(name, value);
  }
  return headers;
}

type HeaderPair = readonly [name: string, value: string];

const PAGE = 'it redirects to a page for people, such as a login';

function isPage({ status, headers }: Response): boolean {
  return (
    status < 300 &&
    /^(?:text\/html|application\/xhtml\+xml)\b/i.test(headers.get('content-type') ?? '')
  );
}

/** Takes the answer off the connection, so that it can be used again. */
async function drain({ body }: Response): Promise<void> {
  let size = 0;
  for await (const chunk of body ?? []) {
    size += (chunk as Uint8Array).byteLength;
    if (size > LONGEST_ANSWER) return;
  }
}

/** The name of a failure, which unlike its message holds nothing of the request. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof Error && error.name === 'AbortError') return undefined;
  const { cause = error } = error as { readonly cause?: unknown };
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : undefined;
}
