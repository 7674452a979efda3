import { describe, expect, it } from 'vitest';
import { resolveEndpoint, type EndpointOptions } from '../endpoint.ts';
import { DeliveryError } from '../errors.ts';
import type { Notification } from '../event.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { sampleNotification } from '../fixtures/notifications.ts';
import type { NotifierReport } from '../observer.ts';
import { RetrySink } from './retry.ts';

/** `ok`, a status, or a failure without an answer. */
type Outcome = number | 'down' | 'ok';

function retrying(outcomes: Outcome[], options: Partial<EndpointOptions> = {}) {
  const clock = new ManualClock();
  const reports: NotifierReport[] = [];
  const buried: Notification[] = [];
  const attempts: number[] = [];
  const endpoint = resolveEndpoint({ name: 'e', url: 'http://e.example', ...options });
  const failing = {
    async write() {
      attempts.push(clock.now());
      const outcome = outcomes.shift() ?? 'ok';
      if (outcome === 'down') throw new DeliveryError('DELIVERY_FAILED', { endpoint: 'e' });
      if (outcome !== 'ok') {
        throw new DeliveryError('DELIVERY_REFUSED', { endpoint: 'e', status: outcome });
      }
    },
  };
  const sink = new RetrySink(failing, endpoint, {
    clock,
    observer: (report) => void reports.push(report),
    bury: async (notification) => void buried.push(notification),
  });
  return { sink, clock, reports, buried, attempts };
}

const { signal } = new AbortController();

describe('RetrySink', () => {
  it('tries again at once until the threshold is reached', async () => {
    const { sink, attempts, clock, reports } = retrying(['down', 500], { threshold: 3 });
    await sink.write(sampleNotification(1), { signal });
    expect(attempts).toHaveLength(3);
    expect(clock.waits).toEqual([]);
    expect(reports.map(({ kind }) => kind)).toEqual(['failed', 'failed']);
  });

  it('waits after each failure from the threshold on', async () => {
    const { sink, attempts, clock } = retrying(['down', 'down', 'down'], {
      threshold: 2,
      backoffMs: 700,
    });
    const done = sink.write(sampleNotification(1), { signal });
    for (let wait = 0; wait < 2; wait++) {
      await clock.untilWaiting();
      expect(clock.waits).toEqual([700]);
      clock.advance(700);
    }
    await done;
    expect(attempts.map((time) => time - (attempts[0] ?? 0))).toEqual([0, 0, 700, 1400]);
  });

  it('counts failures over several events, and forgets them at a success', async () => {
    const { sink, attempts, clock } = retrying(['down', 'ok', 'down', 'ok', 'down'], {
      threshold: 2,
    });
    for (const number of [1, 2, 3]) await sink.write(sampleNotification(number), { signal });
    expect(attempts).toHaveLength(6);
    expect(clock.waits).toEqual([]);
  });

  it('never gives up by itself', async () => {
    const { sink, attempts, buried } = retrying(
      Array.from({ length: 500 }, () => 400),
      {
        threshold: 1000,
      },
    );
    await sink.write(sampleNotification(1), { signal });
    expect(attempts).toHaveLength(501);
    expect(buried).toEqual([]);
  });

  it('gives up after so many refusals, which neither trouble nor "later" is', async () => {
    const { sink, attempts, buried } = retrying([429, 503, 'down', 400, 500], {
      deadLetterAfter: { attempts: 2 },
    });
    const notification = sampleNotification(1);
    await sink.write(notification, { signal });
    expect(attempts).toHaveLength(5);
    expect(buried).toEqual([notification]);
  });

  it('gives up an event that is too old at its next failure', async () => {
    const { sink, clock, buried } = retrying(['down', 'down'], {
      threshold: 1,
      deadLetterAfter: { ageMs: 1000 },
    });
    const done = sink.write(sampleNotification(1), { signal });
    await clock.untilWaiting();
    clock.advance(1000);
    await done;
    expect(buried).toHaveLength(1);
  });

  it('stops waiting when it is told to', async () => {
    const { sink, clock } = retrying(['down'], { threshold: 1 });
    const controller = new AbortController();
    const done = sink.write(sampleNotification(1), controller);
    await clock.untilWaiting();
    controller.abort(new Error('closed'));
    await expect(done).rejects.toThrow('closed');
  });
});
