import type { Content, PullThroughObserver } from '@purser/pull-through';
import { describeError } from './describe-error.ts';
import type { LogFields, Logger } from './logger.ts';

/** Logs what a pull-through registry tells. */
export function observePullThrough(logger: Logger): PullThroughObserver {
  return (event) => {
    switch (event.type) {
      // The access log tells of every request.
      case 'served':
        return;
      case 'fetched':
        return logger.info(`fetched a ${event.content.kind}`, {
          ...fieldsOf(event.content),
          upstream: event.upstream,
          size: event.size,
        });
      case 'abandoned':
        return logger.info(`stopped fetching a ${event.content.kind}: no client waits for it`, {
          ...fieldsOf(event.content),
          upstream: event.upstream,
          received: event.received,
          size: event.size,
        });
      case 'outage':
        return logger.warn(`the upstream ${event.upstream} failed`, describeError(event.error));
      case 'removed':
        return logger.info(`removed a ${event.content.kind} that ${REASONS[event.reason]}`, {
          ...fieldsOf(event.content),
        });
      case 'failed':
        return logger.error(event.problem, describeError(event.error));
    }
  };
}

const REASONS = { expired: 'has expired', evicted: 'had to make room' };

function fieldsOf({ repository, digest }: Content): LogFields {
  return { repository, digest };
}
