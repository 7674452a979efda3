import type { Repository } from '@purser/core';
import { systemClock, type Clock } from './clock.ts';
import { resolveEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts';
import { EventFactory, type RequestFacts } from './event-factory.ts';
import type { Notification, SourceRecord } from './event.ts';
import { observeRepository } from './observe-repository.ts';
import type { NotifierObserver } from './observer.ts';
import { systemFiles, type FileSystem } from './outbox/file-system.ts';
import { resolveLimits, type OutboxOptions } from './outbox/outbox.ts';
import { createMemoryDelivery, createOutboxDelivery, type Delivery } from './delivery.ts';
import { isWanted } from './sinks/filter.ts';
import type { Fetch } from './sinks/http.ts';
import type { MemoryBounds } from './sinks/queue.ts';

export interface NotifierOptions {
  /** Who is told. */
  readonly endpoints: readonly EndpointOptions[];
  /** This registry, as events name it. */
  readonly source: SourceRecord;
  /** Lets events wait on disk, so that they survive the process. Default: they wait in memory. */
  readonly outbox?: OutboxOptions | undefined;
  /**
   * What may wait in memory: for each endpoint when there is no outbox, and for a failing disk when there is one. Beyond,
   * the oldest are dropped. Default: 10,000 events and 16 MiB.
   */
  readonly memory?: Partial<MemoryBounds> | undefined;
  /** Whether events of manifests list what they refer to. Default: `false`. */
  readonly includeReferences?: boolean | undefined;
  /** What stands before `/v2/` in the URLs of events. Default: `http://` and the host of the request. */
  readonly baseUrl?: string | undefined;
  /** Default: nobody is told. */
  readonly observer?: NotifierObserver | undefined;
  /** Default: that of the system. */
  readonly clock?: Clock | undefined;
  /** Default: that of undici. */
  readonly fetch?: Fetch | undefined;
  /** Default: that of the system. */
  readonly files?: FileSystem | undefined;
}

export interface CloseOptions {
  /** How long to go on delivering what waits. 0 or more. Default: 5,000. */
  readonly deadlineMs?: number | undefined;
}

/** How an endpoint is doing. */
export interface EndpointStatus {
  readonly name: string;
  /** Events that it has not got; with an outbox, also those that it will not be sent. */
  readonly pending: number;
}

/** Tells endpoints what happens in repositories. */
export interface Notifier {
  /**
   * Opens the outbox and begins to deliver. Once; after a failure, and after `close`, make another notifier.
   *
   * @throws OutboxError `OUTBOX_IN_USE`, `OUTBOX_UNUSABLE`.
   */
  start(): Promise<void>;
  /**
   * Wraps a repository for one request. What succeeds is told to endpoints; the call waits until the event is accepted,
   * which is until it is in the outbox, and never for an endpoint.
   *
   * @param actor The name of the user.
   * @throws TypeError when the notifier is not started, or closed.
   */
  observe(repository: Repository, facts: RequestFacts, actor?: string): Repository;
  status(): readonly EndpointStatus[];
  /**
   * Delivers what waits, for a while. With an outbox the rest stays there; without, it is lost, and reported as dropped.
   *
   * @returns What was left.
   */
  close(options?: CloseOptions): Promise<readonly EndpointStatus[]>;
}

/** @throws TypeError when an option could not work. */
export function createNotifier(options: NotifierOptions): Notifier {
  return new EndpointNotifier(options);
}

class EndpointNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #endpoints: readonly Endpoint[];
  readonly #observer: NotifierObserver;
  #delivery: Delivery | undefined;
  #isStarted = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#observer = options.observer ?? (() => {});
    this.#endpoints = options.endpoints
      .filter(({ disabled }) => disabled !== true)
      .map(resolveEndpoint);
    if (options.outbox !== undefined) {
      checkNames(this.#endpoints);
      resolveLimits(options.outbox);
    }
  }

  async start(): Promise<void> {
    if (this.#isStarted) throw new TypeError('the notifier was started before');
    this.#isStarted = true;
    const { memory, outbox, clock = systemClock, fetch, files = systemFiles } = this.#options;
    const shared = {
      endpoints: this.#endpoints,
      memory: { maximumBytes: 16 * 1024 * 1024, maximumEvents: 10_000, ...memory },
      clock,
      fetch,
      observer: this.#observer,
    };
    this.#delivery =
      outbox === undefined || this.#endpoints.length === 0
        ? createMemoryDelivery(shared)
        : await createOutboxDelivery({ ...shared, outbox, files });
  }

  observe(repository: Repository, facts: RequestFacts, actor?: string): Repository {
    const delivery = this.#delivery;
    if (delivery === undefined) throw new TypeError('the notifier is not started');
    if (this.#endpoints.length === 0) return repository;
    const factory = this.#factoryFor(facts, actor);
    return observeRepository(
      repository,
      (name, occurrence) => this.#accept(factory.create(name, occurrence), delivery),
      facts,
    );
  }

  status(): readonly EndpointStatus[] {
    return this.#endpoints.map(({ name }, index) => ({
      name,
      pending: this.#delivery?.pending(index) ?? 0,
    }));
  }

  async close({ deadlineMs = 5000 }: CloseOptions = {}): Promise<readonly EndpointStatus[]> {
    const delivery = this.#delivery;
    if (delivery === undefined) return this.status();
    await delivery.close(deadlineMs);
    const left = this.status();
    this.#delivery = undefined;
    return left;
  }

  #factoryFor(facts: RequestFacts, actor: string | undefined): EventFactory {
    const { source, baseUrl, includeReferences = false, clock = systemClock } = this.#options;
    return new EventFactory({
      source,
      facts,
      actor,
      baseUrl: facts.baseUrl ?? baseUrl ?? `http://${facts.host}`,
      includeReferences,
      now: () => clock.now(),
    });
  }

  /** Never rejects. What nobody wants does not wait anywhere. */
  async #accept(notification: Notification, delivery: Delivery): Promise<void> {
    const wanting = this.#endpoints.filter((endpoint) => isWanted(endpoint, notification));
    const { action } = notification.event;
    const isClosed = this.#delivery !== delivery;
    if (wanting.length > 0 && !isClosed) await delivery.accept(notification);
    for (const { name: endpoint } of wanting) {
      if (isClosed) this.#observer({ kind: 'dropped', endpoint, events: 1, reason: 'closed' });
      else this.#observer({ kind: 'queued', endpoint, action });
    }
  }
}

function checkNames(endpoints: readonly Endpoint[]): void {
  const names = endpoints.map(({ name }) => name);
  if (names.includes('')) throw new TypeError('with an outbox every endpoint needs a name');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new TypeError(`with an outbox no two endpoints may have one name: ${twice}`);
  }
}
