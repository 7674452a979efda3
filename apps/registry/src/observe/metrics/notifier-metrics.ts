import { STATUS_CODES } from 'node:http';
import type { EndpointStatus, NotifierObserver } from '@purser/notifications';
import { Counter, Gauge, type Registry } from 'prom-client';

export interface NotifierMetrics {
  readonly observer: NotifierObserver;
  /** Asks the notifier what waits whenever the metrics are read. */
  follow(status: () => readonly EndpointStatus[]): void;
}

/**
 * What becomes of events. Distribution's `type` of `registry_notifications_events_total` is `Events` for an event that
 * was accepted, `Successes`, `Failures` for an answer that refuses it, `Errors` when there was no answer; what is given
 * up or lost is counted under our own names.
 *
 * @see distribution, notifications/metrics.go.
 */
export function createNotifierMetrics(registry: Registry): NotifierMetrics {
  const { events, statuses, deadLetters, lost } = defineCounters(registry);
  const answered = (endpoint: string, status: number) =>
    statuses.inc({ endpoint, code: `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd() });
  const refused = (endpoint: string, status: number | undefined) => {
    events.inc({ type: status === undefined ? 'Errors' : 'Failures', endpoint });
    if (status !== undefined) answered(endpoint, status);
  };

  return {
    // The log tells of the outbox; what it loses is dropped.
    observer(report) {
      if (report.kind === 'queued') {
        events.inc({ type: 'Events', endpoint: report.endpoint });
      } else if (report.kind === 'delivered') {
        events.inc({ type: 'Successes', endpoint: report.endpoint });
        answered(report.endpoint, report.status);
      } else if (report.kind === 'failed') {
        refused(report.endpoint, report.error.status);
      } else if (report.kind === 'dead-letter') {
        deadLetters.inc({ endpoint: report.endpoint, kept: String(report.isKept) });
      } else if (report.kind === 'dropped') {
        lost.inc({ endpoint: report.endpoint, reason: report.reason }, report.events);
      }
    },
    follow: (status) => void definePending(registry, status),
  };
}

function definePending(registry: Registry, status: () => readonly EndpointStatus[]) {
  return new Gauge({
    name: 'registry_notifications_pending_total',
    help: 'Events that wait for an endpoint.',
    labelNames: ['endpoint'],
    registers: [registry],
    collect() {
      for (const { name, pending } of status()) this.set({ endpoint: name }, pending);
    },
  });
}

function defineCounters(registry: Registry) {
  const registers = [registry];
  return {
    events: new Counter({
      name: 'registry_notifications_events_total',
      help: 'Events accepted for an endpoint, and attempts to deliver them by how they went.',
      labelNames: ['type', 'endpoint'],
      registers,
    }),
    statuses: new Counter({
      name: 'registry_notifications_status_total',
      help: 'Answers of an endpoint by their status.',
      labelNames: ['code', 'endpoint'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'purser_notifications_dead_letters_total',
      help: 'Events that an endpoint is not sent any more; those that were kept can be redelivered.',
      labelNames: ['endpoint', 'kept'],
      registers,
    }),
    lost: new Counter({
      name: 'purser_notifications_lost_total',
      help: 'Events that an endpoint will never get.',
      labelNames: ['endpoint', 'reason'],
      registers,
    }),
  };
}
