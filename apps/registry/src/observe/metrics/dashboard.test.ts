import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readMetrics } from '../../fixtures/read-metrics.ts';
import { Metrics } from './metrics.ts';

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number };
}

const read = (path: string) => readFile(new URL(`../../../../../${path}`, import.meta.url), 'utf8');

/** Every name that metrics of this server can have, and with each the names that Prometheus makes of it. */
async function namesOfMetrics(): Promise<ReadonlySet<string>> {
  const metrics = new Metrics();
  metrics.forCache();
  metrics.forNotifier().follow(() => [{ name: 'audit', pending: 0 }]);
  metrics.forProxy();
  metrics.forAccess({ isUpToDate: async () => true });
  metrics.forReadiness({ canRead: async () => true, canWrite: async () => true });
  const names = new Set<string>();
  for (const [name, { type }] of readMetrics(await metrics.render())) {
    const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const part of parts) names.add(name + part);
  }
  return names;
}

const NAME = /\b(?:registry|purser|process|nodejs)_\w+/g;

describe('deploy/grafana/purser.json', () => {
  it('asks for metrics that the server has, in every panel', async () => {
    const { panels } = JSON.parse(await read('deploy/grafana/purser.json')) as { panels: Panel[] };
    const names = await namesOfMetrics();
    const charts = panels.filter(({ type }) => type !== 'row');
    expect(charts.length).toBeGreaterThan(20);
    for (const { title, targets = [] } of charts) {
      const asked = targets.flatMap(({ expr }) => expr.match(NAME) ?? []);
      expect([title, asked.length > 0, asked.filter((name) => !names.has(name))]).toEqual([
        title,
        true,
        [],
      ]);
    }
  });

  it('shows every metric that Purser has beside those of distribution', async () => {
    const text = await read('deploy/grafana/purser.json');
    const own = [...(await namesOfMetrics())].filter((name) => name.startsWith('registry_'));
    const families = new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect([...families].filter((name) => !text.includes(name))).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  it('names metrics that the server has, and each that is ours', async () => {
    const text = await read('docs/operations.md');
    const names = await namesOfMetrics();
    const families = new Set([...names].map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    const known = (name: string) => names.has(name) || families.has(name);
    const written = text.match(/\b(?:registry|purser|nodejs)_[a-z_0-9]+\b/g) ?? [];
    expect(written.filter((name) => !known(name) && !name.endsWith('_'))).toEqual([]);
    const ours = [...families].filter((name) => /^(?:registry|purser)_/.test(name));
    const abbreviated = /^registry_proxy_(?:hits|misses|pulled_bytes|pushed_bytes)_total$/;
    expect(ours.filter((name) => !text.includes(`\`${name}\``) && !abbreviated.test(name))).toEqual(
      [],
    );
  });
});
