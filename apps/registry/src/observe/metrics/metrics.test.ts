import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DriverError } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { readMetrics, type MetricFamily } from '../../fixtures/read-metrics.ts';
import { startRegistry, type StartRegistryOptions } from '../../start-registry.ts';
import { Metrics, renderTogether } from './metrics.ts';

const MEASURED = { debug: { addr: '127.0.0.1:0', prometheus: { enabled: true } } };
const HELLO = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

async function startMeasured(options: StartRegistryOptions = {}) {
  const registry = await startRegistry({ ...options, http: { ...MEASURED, ...options.http } });
  const scrape = async () => {
    const response = await fetch(`${registry.debugUrl}/metrics`);
    return readMetrics(await response.text());
  };
  return {
    url: registry.url,
    scrape,
    valueOf: async (name: string, labels: Labels = {}) => valueOf(await scrape(), name, labels),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

type Labels = Readonly<Record<string, string>>;

/** The value of the one series that has these labels, and maybe more. */
function valueOf(families: ReadonlyMap<string, MetricFamily>, name: string, labels: Labels) {
  const samples = families.get(name.replace(/_(?:sum|count)$/, ''))?.samples ?? [];
  return samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )?.value;
}

async function push(url: string, content = 'hello', digest = HELLO): Promise<number> {
  const { status } = await fetch(`${url}/v2/app/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: content,
  });
  return status;
}

/** With a method that `fetch` would refuse. */
async function askWith(method: string, url: string): Promise<void> {
  const asked = request(url, { method }).end();
  const [response] = await once(asked, 'response');
  response.resume();
  await once(response, 'end');
}

describe('the metrics of a server', () => {
  it('are text of the Prometheus format: each family once, with its help and its type', async () => {
    await using registry = await startMeasured();
    await push(registry.url);
    const families = await registry.scrape();
    for (const [name, { type, samples }] of families) {
      expect(name).toMatch(/^(?:registry|purser|process|nodejs)_[a-z_0-9]+$/);
      const ends = samples.filter(({ labels }) => labels['le'] === '+Inf');
      const counts = samples.filter((sample) => sample.name === `${name}_count`);
      expect(ends.map(({ value }) => value)).toEqual(
        type === 'histogram' ? counts.map(({ value }) => value) : [],
      );
    }
    expect([...families.keys()]).toEqual(
      expect.arrayContaining(['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']),
    );
  });

  it('count requests by endpoint, method and status, under the words of distribution', async () => {
    await using registry = await startMeasured();
    expect(await push(registry.url)).toBe(201);
    await fetch(`${registry.url}/v2/app/blobs/${HELLO}`);
    await fetch(`${registry.url}/v2/app/manifests/none`);
    const total = (labels: Record<string, string>) =>
      registry.valueOf('registry_http_requests_total', labels);
    expect(await total({ handler: 'blob_upload', method: 'post', code: '201' })).toBe(1);
    expect(await total({ handler: 'blob', method: 'get', code: '200' })).toBe(1);
    expect(await total({ handler: 'manifest', method: 'get', code: '404' })).toBe(1);
    expect(await registry.valueOf('registry_http_in_flight_requests', { handler: 'blob' })).toBe(0);
    expect(
      await registry.valueOf('registry_http_response_size_bytes_sum', { handler: 'blob' }),
    ).toBe(5);
    expect(
      await registry.valueOf('registry_http_request_duration_seconds_count', { handler: 'blob' }),
    ).toBe(1);
  });

  it('have a bounded number of series, whatever clients make up', async () => {
    await using registry = await startMeasured();
    await push(registry.url);
    const ask = async () => {
      for (const method of ['LOCK', 'PROPFIND', 'PURGE', 'SEARCH']) {
        await askWith(method, `${registry.url}/v2/`);
      }
      for (let index = 0; index < 20; index++) {
        await fetch(`${registry.url}/v2/${index}/tags/list`);
        await fetch(`${registry.url}/v2/made/up/${index}`);
        await fetch(`${registry.url}/${index}`);
      }
    };
    const count = async () =>
      [...(await registry.scrape())]
        .filter(([name]) => name.startsWith('registry_'))
        .reduce((sum, [, { samples }]) => sum + samples.length, 0);
    await ask();
    // The first look asks storage whether it works, which adds series of its own.
    await count();
    const before = await count();
    await ask();
    expect(await count()).toBe(before);
    const unknown = { handler: 'base', method: 'unknown' };
    expect(await registry.valueOf('registry_http_requests_total', unknown)).toBe(8);
  });

  it('measure the driver, and count how it fails', async () => {
    await using registry = await startMeasured();
    await push(registry.url);
    const action = { driver: 'inmemory', action: 'PutContent' };
    expect(await registry.valueOf('registry_storage_action_seconds_count', action)).toBeGreaterThan(
      0,
    );
    const metrics = new Metrics();
    const call = { driver: 'filesystem', action: 'Stat', path: '/a' } as const;
    for (const code of ['FAILED', 'PATH_NOT_FOUND'] as const) {
      const error = new DriverError(code, { driver: 'filesystem', operation: 'stat', path: '/a' });
      metrics.observeDriver(call)({ error });
    }
    metrics.observeDriver(call)({ error: new Error('the client has left') });
    const errors = readMetrics(await metrics.render()).get('purser_storage_errors_total');
    expect(errors?.samples.map(({ labels, value }) => [labels, value])).toEqual([
      [{ driver: 'filesystem', action: 'Stat', code: 'FAILED' }, 1],
    ]);
  });

  it('count what the cache is asked, and what it remembers', async () => {
    await using registry = await startMeasured({
      storage: { inmemory: {}, cache: { blobdescriptor: 'inmemory' } },
    });
    await push(registry.url);
    await fetch(`${registry.url}/v2/app/blobs/${HELLO}`);
    const requests = await registry.valueOf('registry_storage_cache_requests_total');
    const hits = await registry.valueOf('registry_storage_cache_hits_total');
    expect(hits).toBeGreaterThan(0);
    expect(requests).toBeGreaterThanOrEqual(hits!);
    expect(await registry.valueOf('registry_storage_cache_errors_total')).toBe(0);
  });

  it('follow events to their endpoints', async () => {
    const statuses = [503, 200];
    await using endpoint = await listen(
      createServer((_, response) => void response.writeHead(statuses.shift() ?? 200).end()),
    );
    await using registry = await startMeasured({
      notifications: { endpoints: [{ name: 'audit', url: endpoint.url, backoff: '1ms' }] },
    });
    await push(registry.url);
    const name = 'registry_notifications_events_total';
    const successes = () => registry.valueOf(name, { endpoint: 'audit', type: 'Successes' });
    await expect.poll(successes, { timeout: 10_000 }).toBe(1);
    expect(await registry.valueOf(name, { endpoint: 'audit', type: 'Events' })).toBe(1);
    expect(await registry.valueOf(name, { endpoint: 'audit', type: 'Failures' })).toBe(1);
    const answers = (code: string) =>
      registry.valueOf('registry_notifications_status_total', { endpoint: 'audit', code });
    expect(await answers('200 OK')).toBe(1);
    expect(await answers('503 Service Unavailable')).toBe(1);
    expect(
      await registry.valueOf('registry_notifications_pending_total', { endpoint: 'audit' }),
    ).toBe(0);
  });

  it('count what is pulled through, and what is here already', async () => {
    await using upstream = await startRegistry();
    await push(upstream.url);
    await using registry = await startMeasured({ proxy: { remoteurl: upstream.url } });
    const valueOf = (what: string) =>
      registry.valueOf(`registry_proxy_${what}_total`, { type: 'blob' });
    const pull = async () => (await fetch(`${registry.url}/v2/app/blobs/${HELLO}`)).text();
    expect(await pull()).toBe('hello');
    await expect.poll(() => valueOf('misses')).toBe(1);
    await expect.poll(async () => (await pull(), valueOf('hits'))).toBeGreaterThan(0);
    expect(await valueOf('requests')).toBeGreaterThan(1);
    expect(await valueOf('pulled_bytes')).toBe(5);
    expect(await valueOf('pushed_bytes')).toBe((await valueOf('requests'))! * 5);
  });

  it('of several processes are one text', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.maintenance.purged({ uploads: 2, files: 0, bytes: 10 });
    other.maintenance.purged({ uploads: 3, files: 1, bytes: 5 });
    // As they come from another process.
    const snapshots = JSON.parse(
      JSON.stringify(await Promise.all([one.snapshot(), other.snapshot()])),
    );
    const families = readMetrics(await renderTogether(snapshots));
    expect(valueOf(families, 'purser_purged_bytes_total', {})).toBe(15);
    expect(valueOf(families, 'purser_purged_total', { kind: 'upload' })).toBe(5);
    const started = valueOf(families, 'process_start_time_seconds', {})!;
    expect(started).toBeLessThanOrEqual(Date.now() / 1000);
    expect(started).toBeGreaterThan(Date.now() / 1000 - 3600);
  });
});

async function listen(server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
