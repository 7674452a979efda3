import type { Clock } from './clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Notification } from './event.ts';
import type { NotifierObserver } from './observer.ts';
import type { FileSystem } from './outbox/file-system.ts';
import { Outbox, type Bury, type OutboxOptions } from './outbox/outbox.ts';
import { broadcastSink } from './sinks/broadcast.ts';
import { filterSink } from './sinks/filter.ts';
import { HttpSink, type Fetch } from './sinks/http.ts';
import { Queue, type MemoryBounds } from './sinks/queue.ts';
import { RetrySink } from './sinks/retry.ts';
import type { Sink } from './sinks/sink.ts';

/** The way of events from where they are accepted to the endpoints. */
export interface Delivery {
  /** Never rejects. */
  accept(notification: Notification): Promise<void>;
  /** Of the endpoint at this place in the list. */
  pending(index: number): number;
  close(deadlineMs: number): Promise<void>;
}

export interface DeliveryOptions {
  readonly endpoints: readonly Endpoint[];
  readonly memory: MemoryBounds;
  readonly clock: Clock;
  readonly fetch: Fetch | undefined;
  readonly observer: NotifierObserver;
}

export interface OutboxDeliveryOptions extends DeliveryOptions {
  readonly outbox: OutboxOptions;
  readonly files: FileSystem;
}

/** Endpoints each behind a queue in memory: broadcast → filter → queue → retry → http. */
export function createMemoryDelivery(options: DeliveryOptions): Delivery {
  const { endpoints, memory, observer } = options;
  const posts = endpoints.map((endpoint) => createPost(endpoint, options));
  const queues = endpoints.map(
    (endpoint, index) =>
      new Queue(
        (posts[index] as Post).retrying(async () => false),
        {
          ...memory,
          endpoint: endpoint.name,
          observer,
        },
      ),
  );
  const broadcast = broadcastSink(
    queues.map((queue, index) => filterSink(queue, endpoints[index] as Endpoint)),
  );
  const worker = new Worker((signal) =>
    Promise.allSettled(queues.map((queue) => queue.run(signal))),
  );
  return {
    accept: (notification) => broadcast.write(notification, worker),
    pending: (index) => queues[index]?.size ?? 0,
    async close(deadlineMs) {
      for (const queue of queues) queue.finish();
      await worker.stop(deadlineMs, posts);
      for (const [index, { size: events }] of queues.entries()) {
        const endpoint = (endpoints[index] as Endpoint).name;
        if (events > 0) observer({ kind: 'dropped', endpoint, events, reason: 'closed' });
      }
    },
  };
}

/** Endpoints that read one outbox, each at its own pace: outbox → filter → retry → http. */
export async function createOutboxDelivery(options: OutboxDeliveryOptions): Promise<Delivery> {
  const { endpoints, outbox: outboxOptions, memory, files, clock, observer } = options;
  const posts = endpoints.map((endpoint) => createPost(endpoint, options));
  const sinks = new Map(
    endpoints.map((endpoint, index) => [
      endpoint.name,
      (bury: Bury) => filterSink((posts[index] as Post).retrying(bury), endpoint),
    ]),
  );
  const outbox = await Outbox.open({ ...outboxOptions, memory, sinks, files, clock, observer });
  const worker = new Worker((signal) => outbox.run(signal));
  return {
    accept: (notification) => outbox.write(notification),
    pending: (index) => outbox.pending(endpoints[index]?.name ?? ''),
    async close(deadlineMs) {
      outbox.finish();
      await worker.stop(deadlineMs, posts);
      await outbox.close();
    },
  };
}

interface Post {
  readonly http: HttpSink;
  retrying(bury: Bury): Sink;
}

function createPost(endpoint: Endpoint, { clock, fetch, observer }: DeliveryOptions): Post {
  const http = new HttpSink(endpoint, { clock, observer, fetch });
  return {
    http,
    retrying: (bury) =>
      new RetrySink(http, endpoint, {
        clock,
        observer,
        async bury(notification) {
          const isKept = await bury(notification);
          const eventId = notification.event.id;
          observer({ kind: 'dead-letter', endpoint: endpoint.name, eventId, isKept });
        },
      }),
  };
}

/** Work that goes on until it is told to stop. */
class Worker {
  readonly #controller = new AbortController();
  readonly #done: Promise<unknown>;

  constructor(run: (signal: AbortSignal) => Promise<unknown>) {
    this.#done = run(this.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for the work to end by itself, up to a deadline. */
  async stop(deadlineMs: number, posts: readonly Post[]): Promise<void> {
    const abort = () => this.#controller.abort();
    const timer = Number.isFinite(deadlineMs) ? setTimeout(abort, deadlineMs) : undefined;
    await this.#done;
    clearTimeout(timer);
    await Promise.all(posts.map(({ http }) => http.close()));
  }
}
