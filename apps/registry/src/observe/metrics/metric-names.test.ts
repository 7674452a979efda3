import { describe, expect, it } from 'vitest';
import { readMetrics } from '../../fixtures/read-metrics.ts';
import { Metrics } from './metrics.ts';

/** Every metric that a server can have. */
async function allMetrics() {
  const metrics = new Metrics();
  metrics.forCache();
  metrics.forNotifier().follow(() => [{ name: 'audit', pending: 0 }]);
  metrics.forProxy();
  metrics.forAccess({ isUpToDate: async () => true });
  metrics.forReadiness({ canRead: async () => true, canWrite: async () => true });
  return [...readMetrics(await metrics.render())].map(([name, { type }]) => ({ name, type }));
}

/** A gauge that distribution names as a counter. */
const OF_DISTRIBUTION = 'registry_notifications_pending_total';

describe('names of metrics, as promtool checks them,', () => {
  it('end in _total for counters, and for nothing else', async () => {
    const all = await allMetrics();
    expect(all.length).toBeGreaterThan(40);
    const wrong = all.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'));
    expect(wrong.map(({ name }) => name)).toEqual([OF_DISTRIBUTION]);
  });

  it('end in no suffix of histograms, and say no unit that is not a base unit', async () => {
    const wrong = /_(?:count|sum|bucket)$|_(?:ms|milliseconds|minutes|kilobytes|megabytes)(?:_|$)/;
    expect((await allMetrics()).filter(({ name }) => wrong.test(name))).toEqual([]);
  });
});
