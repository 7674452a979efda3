import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { EndpointOptions, Notifier, NotifierOptions } from '@purser/notifications';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Metrics } from '../../observe/metrics/metrics.ts';
import { observeNotifier } from '../../observe/observe-notifier.ts';
import type { WorkerPlace } from '../../workers/worker-place.ts';
import { withLeftOutboxes } from './left-outboxes.ts';
import { leftOutboxes, ownOutbox } from './outbox-directories.ts';
import { makeDirectory } from '../make-directory.ts';
import { StartError } from '../start-error.ts';

export interface NotifierParts {
  readonly metrics?: Metrics | undefined;
  /** Of a process that serves together with others, each of which has an outbox of its own. */
  readonly place?: WorkerPlace | undefined;
}

/**
 * Tells endpoints what happens; `undefined` when there is none to tell.
 *
 * @throws StartError when the outbox cannot be used.
 */
export async function startNotifier(
  { notifications, http: { listen } }: Config,
  logger: Logger,
  { metrics, place = ALONE }: NotifierParts = {},
): Promise<Notifier | undefined> {
  const { endpoints, events, outbox } = notifications;
  if (endpoints.every(({ disabled }) => disabled)) return undefined;
  // Most servers tell nobody, and need not load what does.
  const { createNotifier } = await import('@purser/notifications');
  const log = observeNotifier(logger);
  const counted = metrics?.forNotifier();
  const options: NotifierOptions = {
    endpoints: endpoints.map(endpointOptions),
    source: { addr: sourceAddress(listen), instanceID: randomUUID() },
    includeReferences: events.includereferences,
    observer(report) {
      log(report);
      counted?.observer(report);
    },
  };
  const { directory } = outbox;
  const notifier =
    directory === undefined
      ? await startWhenFree(() => createNotifier(options), logger)
      : await startWithOutbox(directory, {
          place,
          logger,
          open: (at) => createNotifier({ ...options, outbox: outboxOptions(at, outbox) }),
        });
  counted?.follow(() => notifier.status());
  return notifier;
}

interface OutboxParts {
  readonly place: WorkerPlace;
  readonly logger: Logger;
  /** A notifier on the outbox in a directory. */
  readonly open: (directory: string) => Notifier;
}

/** The first process of a server also delivers what is left of workers that there are no more. */
async function startWithOutbox(directory: string, { place, logger, open }: OutboxParts) {
  const own = ownOutbox(directory, place);
  await makeDirectory(own).catch(failToStart);
  const notifier = await startWhenFree(() => open(own), logger);
  if (place.slot !== 0) return notifier;
  const directories = await leftOutboxes(directory, place);
  return withLeftOutboxes(notifier, { directories, open, logger });
}

/** A server of one process. */
const ALONE: WorkerPlace = { slot: 0, count: 1 };

/** How long a process that is being replaced may keep its outbox: more than it drains for, as a rule. */
const LONGEST_WAIT_MS = 60_000;
const RETRY_MS = 250;

async function startWhenFree(create: () => Notifier, logger: Logger): Promise<Notifier> {
  const end = performance.now() + LONGEST_WAIT_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      const notifier = create();
      await notifier.start();
      return notifier;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code !== 'OUTBOX_IN_USE' || performance.now() > end) {
        failToStart(error);
      }
      if (attempt === 0) logger.info(`${message}; waiting for it to end`);
      await setTimeout(RETRY_MS);
    }
  }
}

function failToStart(error: unknown): never {
  const reason = `cannot keep events in notifications.outbox.directory: ${(error as Error).message}`;
  throw new StartError(reason, { cause: error });
}

type EndpointConfig = Config['notifications']['endpoints'][number];

/** As distribution names an instance: this machine, and the port that it is configured to listen on. */
function sourceAddress(listen: Config['http']['listen']): string {
  return listen.kind === 'tcp' ? `${hostname()}:${listen.port}` : hostname();
}

function outboxOptions(directory: string, outbox: Config['notifications']['outbox']) {
  const { maxbytes, maxevents, durable } = outbox;
  return { directory, maximumBytes: maxbytes, maximumEvents: maxevents, durable };
}

function endpointOptions(endpoint: EndpointConfig): EndpointOptions {
  const { timeout, backoff, ignoredmediatypes, ignore, deadletter, ...rest } = endpoint;
  return {
    ...rest,
    timeoutMs: timeout,
    backoffMs: backoff,
    ignoredMediaTypes: ignoredmediatypes,
    ignore: { mediaTypes: ignore.mediatypes, actions: ignore.actions },
    // An age of nothing is none.
    deadLetterAfter: { attempts: deadletter.attempts, ageMs: deadletter.age || undefined },
  };
}
