import type { NotifierObserver, NotifierReport } from '@purser/notifications';
import { describeError } from './describe-error.ts';
import type { LogFields, Logger } from './logger.ts';
import type { LogLevel } from '../config/log-section.ts';

/** Logs what becomes of events: an endpoint that fails is told once, and once more when it works again. */
export function observeNotifier(logger: Logger): NotifierObserver {
  const failing = new Set<string>();
  return (report) => {
    if (report.kind === 'failed' && !failing.has(report.endpoint)) {
      failing.add(report.endpoint);
      const fields = { endpoint: report.endpoint, ...describeError(report.error) };
      logger.warn('an endpoint does not take events; trying again until it does', fields);
    } else if (report.kind === 'delivered' && failing.delete(report.endpoint)) {
      logger.info('an endpoint takes events again', { endpoint: report.endpoint });
    } else {
      tell(report, logger);
    }
  };
}

function tell(report: NotifierReport, logger: Logger): void {
  const isLost = report.kind === 'dead-letter' && !report.isKept;
  const [level, message] = isLost ? GIVEN_UP : LINES[report.kind];
  logger[level](message, fieldsOf(report));
}

type Line = readonly [level: LogLevel, message: string];

const LINES: Readonly<Record<NotifierReport['kind'], Line>> = {
  queued: ['debug', 'an event waits for an endpoint'],
  delivered: ['debug', 'an event arrived'],
  failed: ['debug', 'an endpoint did not take an event'],
  'dead-letter': ['error', 'an event was put aside; purser notifications redeliver sends it again'],
  dropped: ['error', 'events are lost'],
  redelivering: ['info', 'events that were put aside are sent again'],
  'outbox-full': ['error', 'the outbox is full: its oldest events were removed'],
  'outbox-failed': ['error', 'the outbox cannot be written; events wait in memory'],
  'outbox-recovered': ['info', 'the outbox can be written again'],
  'outbox-cut': ['warn', 'the outbox ended in a half written event, which was cut off'],
};

const GIVEN_UP: Line = ['error', 'an event was given up, and there is no outbox to keep it in'];

function fieldsOf({ kind: _told, ...report }: NotifierReport): LogFields {
  const { error, ...rest }: { readonly error?: unknown } & LogFields = report;
  return error === undefined ? rest : { ...rest, ...describeError(error) };
}
