import type { DeliveryError, NotifierReport } from '@purser/notifications';
import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { observeNotifier } from './observe-notifier.ts';

function record() {
  const lines: { level: string; msg: string }[] = [];
  const logger = createLogger(
    { level: 'info', formatter: 'json', fields: {}, accesslog: { disabled: true, probes: false } },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const observe = observeNotifier(logger);
  return {
    tell: (...reports: readonly NotifierReport[]) => reports.forEach(observe),
    lines: () => lines.splice(0).map(({ level, msg }) => `${level}: ${msg}`),
  };
}

const endpoint = 'ci';
const failed: NotifierReport = {
  kind: 'failed',
  endpoint,
  error: new Error('refused') as DeliveryError,
};

describe('what is logged of events', () => {
  it('is nothing while they arrive', () => {
    const { tell, lines } = record();
    tell(
      { kind: 'queued', endpoint, action: 'push' },
      { kind: 'delivered', endpoint, status: 200 },
    );
    expect(lines()).toEqual([]);
  });

  it('is one line when an endpoint fails, and one when it works again', () => {
    const { tell, lines } = record();
    tell(failed, failed, failed);
    expect(lines()).toEqual([
      'warning: an endpoint does not take events; trying again until it does',
    ]);
    const delivered: NotifierReport = { kind: 'delivered', endpoint, status: 200 };
    tell(delivered, delivered);
    expect(lines()).toEqual(['info: an endpoint takes events again']);
  });

  it.each([
    [{ kind: 'dropped', endpoint, events: 3, reason: 'overflow' }, 'error: events are lost'],
    [
      { kind: 'dead-letter', endpoint, eventId: '1', isKept: true },
      'error: an event was put aside',
    ],
    [
      { kind: 'dead-letter', endpoint, eventId: '1', isKept: false },
      'error: an event was given up',
    ],
    [{ kind: 'outbox-full', events: 3, bytes: 9 }, 'error: the outbox is full'],
    [
      { kind: 'outbox-failed', operation: 'write', error: new Error('x') },
      'error: the outbox cannot',
    ],
    [{ kind: 'outbox-recovered' }, 'info: the outbox can be written'],
    [{ kind: 'outbox-cut', bytes: 9 }, 'warning: the outbox ended'],
    [{ kind: 'redelivering', endpoint, events: 3 }, 'info: events that were put aside'],
  ] as const)('is a line for %j', (report, line) => {
    const { tell, lines } = record();
    tell(report);
    expect(lines()).toEqual([expect.stringContaining(line)]);
  });
});
