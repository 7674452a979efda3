import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { DeliveryError } from '../errors.ts';
import type { Notification } from '../event.ts';
import type { NotifierObserver } from '../observer.ts';
import type { Sink } from './sink.ts';

export interface RetrySinkOptions {
  readonly clock: Clock;
  readonly observer: NotifierObserver;
  /** Takes what the endpoint was given up for. */
  readonly bury: (notification: Notification) => Promise<void>;
}

/** Statuses by which an endpoint says that it may take the event later. */
const TRY_LATER: ReadonlySet<number | undefined> = new Set([408, 425, 429, 502, 503, 504]);

/**
 * Tries until the notification has arrived, or is to be given up.
 *
 * A failure is followed by another attempt at once, until `threshold` of them happened in a row, over however many
 * notifications; from then on each attempt waits until `backoffMs` after the last failure. A success forgets them.
 *
 * @see docker/go-events, retry.go, `Breaker`.
 */
export class RetrySink implements Sink {
  readonly #sink: Sink;
  readonly #endpoint: Endpoint;
  readonly #options: RetrySinkOptions;
  #failures = 0;
  #lastFailure = 0;

  constructor(sink: Sink, endpoint: Endpoint, options: RetrySinkOptions) {
    this.#sink = sink;
    this.#endpoint = endpoint;
    this.#options = options;
  }

  async write(notification: Notification, options: { signal: AbortSignal }): Promise<void> {
    let refusals = 0;
    for (;;) {
      await this.#untilClosed(options.signal);
      const failure = await this.#attempt(notification, options);
      if (failure === undefined) return;
      if (isRefusal(failure)) refusals += 1;
      if (this.#isHopeless(notification, refusals)) return this.#options.bury(notification);
    }
  }

  async #attempt(
    notification: Notification,
    options: { signal: AbortSignal },
  ): Promise<DeliveryError | undefined> {
    try {
      await this.#sink.write(notification, options);
      this.#failures = 0;
      return undefined;
    } catch (error) {
      if (!DeliveryError.is(error)) throw error;
      const { clock, observer } = this.#options;
      this.#failures += 1;
      this.#lastFailure = clock.now();
      observer({ kind: 'failed', endpoint: this.#endpoint.name, error });
      return error;
    }
  }

  /** Waits while the breaker is open. */
  async #untilClosed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { threshold, backoffMs } = this.#endpoint;
    if (this.#failures < threshold) return;
    const { clock } = this.#options;
    const wait = this.#lastFailure + backoffMs - clock.now();
    // A clock that was set back must not make it wait longer.
    if (wait > 0) await clock.wait(Math.min(wait, backoffMs), signal);
  }

  #isHopeless({ event }: Notification, refusals: number): boolean {
    const { attempts, ageMs } = this.#endpoint.deadLetterAfter;
    return refusals >= attempts || this.#options.clock.now() - Date.parse(event.timestamp) >= ageMs;
  }
}

function isRefusal({ code, status }: DeliveryError): boolean {
  return code === 'DELIVERY_REFUSED' && !TRY_LATER.has(status);
}
