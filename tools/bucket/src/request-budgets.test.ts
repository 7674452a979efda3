import { tmpdir } from 'node:os';
import { GcsEmulator, needGoPrograms } from '@purser/external-programs';
import {
  ask,
  blobPath,
  ContentSource,
  imageManifest,
  pullManifest,
  pushManifest,
  pushStreamed,
  pushWhole,
  RegistryClient,
  Sandbox,
  type RegistryProgram,
  type SampleBlob,
} from '@purser/registry-under-test';
import { GcsDriver } from '@purser/storage-driver-gcs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distributionOnBucket } from './distribution-on-bucket.ts';
import { purserOnBucket } from './purser-on-bucket.ts';
import { startRelay, type Exchange, type Relay } from './relay.ts';
import { countRequests, totalOf, type RequestCounts } from './storage-requests.ts';
import { storeRepositories, storeTags } from './stored-repositories.ts';

/** The most requests to the bucket for one thing that a client does, by a server that has just started. */
const BUDGETS = {
  'pull of a manifest by tag': 3,
  'HEAD of a blob': 3,
  'push of a layer of 100 MB': 33,
  'list of 1,000 tags': 1,
  'page of 100 of all repositories': 106,
} as const;

/**
 * How many there are beside the page. The emulator reads the names of all its files for each list, which takes a third of a
 * second for 10,000.
 */
const REPOSITORIES = Number(process.env['PURSER_BUCKET_REPOSITORIES'] ?? 1000);

const isCompared = process.env['PURSER_BUCKET_COMPARE'] === '1';

const LIMIT_MS = 600_000;

type Act = keyof typeof BUDGETS;

const emulated = needGoPrograms('fake-gcs-server');

describe.skipIf(emulated.isUnmet)(
  `requests to a bucket${emulated.note}`,
  { timeout: LIMIT_MS },
  () => {
    const resources = new AsyncDisposableStack();
    const source = new ContentSource(1);
    const repository = 'library/app';
    const config = source.sample({ seed: 1, size: 700 });
    const layer = source.sample({ seed: 2, size: 300_000 });
    const manifest = imageManifest(config, [layer]);
    const results = new Map<string, RequestCounts>();
    let sandbox: Sandbox;
    let relay: Relay;
    let names: readonly string[];
    let tags: readonly string[];
    let bucket: { readonly name: string; readonly endpoint: string };
    let large: SampleBlob;

    beforeAll(async () => {
      sandbox = resources.use(
        await Sandbox.create({ parent: tmpdir(), prefix: 'purser-requests-' }),
      );
      const emulator = resources.use(await GcsEmulator.create('filesystem'));
      const { bucket: name, endpoint, port } = emulator;
      relay = resources.use(await startRelay({ ports: [port], renamesHost: true }));
      bucket = { name, endpoint: `http://${relay.host}` };
      const driver = new GcsDriver({ bucket: name, endpoint });
      names = await storeRepositories(driver, { teams: REPOSITORIES / 100, repositories: 100 });
      tags = await storeTags(driver, { repository: 'many/tags', tags: 1000 });
      large = source.sample({ seed: 3, size: 100_000_000 });

      const writer = await sandbox.start(purserOnBucket({ name, endpoint }), { root: 'unused' });
      const client = new RegistryClient({ ports: [writer.port] });
      for (const blob of [config, layer]) await pushWhole({ client, repository, source }, blob);
      await pushManifest({ client, repository }, '1.0', manifest);
      client.close();
      await writer.stop();
    });

    afterAll(async () => {
      await resources.disposeAsync();
      process.stdout.write(`${formatResults(results)}\n`);
    });

    async function listed(client: RegistryClient, path: string): Promise<unknown> {
      const { body } = await ask(client, { method: 'GET', path }, [200]);
      return JSON.parse(body.toString());
    }

    async function readCatalog(client: RegistryClient): Promise<void> {
      // The repositories of the image and of the tags come before the numbered ones.
      const repositories = [repository, 'many/tags', ...names].slice(0, 100);
      expect(await listed(client, '/v2/_catalog?n=100')).toEqual({ repositories });
    }

    const acts: Record<Act, (client: RegistryClient) => Promise<void>> = {
      'pull of a manifest by tag': async (client) => {
        const answer = await pullManifest({ client, repository }, '1.0');
        expect(answer?.body).toEqual(manifest.payload);
      },
      'HEAD of a blob': async (client) => {
        const path = blobPath(repository, layer.digest);
        const { headers } = await ask(client, { method: 'HEAD', path }, [200]);
        expect(headers['content-length']).toBe(String(layer.size));
      },
      'push of a layer of 100 MB': (client) =>
        pushStreamed({ client, repository: 'library/pushed', source }, large),
      'list of 1,000 tags': async (client) => {
        const list = await listed(client, '/v2/many/tags/tags/list?n=1000');
        expect(list).toEqual({ name: 'many/tags', tags });
      },
      'page of 100 of all repositories': readCatalog,
    };

    /** What a server that has just started asks of the bucket for one act. */
    async function measure(program: RegistryProgram, act: Act): Promise<number> {
      const server = await sandbox.start(program, { root: 'unused' });
      const client = new RegistryClient({ ports: [server.port], timeoutMs: LIMIT_MS });
      relay.exchanges.length = 0;
      try {
        await acts[act](client);
      } finally {
        client.close();
        await server.stop();
      }
      const counts = countRequests(withoutRepeatedMark(relay.exchanges));
      results.set(`${program.name}: ${act}`, counts);
      return totalOf(counts);
    }

    it.each(Object.entries(BUDGETS))('for a %s are %i at most', async (act, budget) => {
      expect(await measure(purserOnBucket(bucket), act as Act)).toBeLessThanOrEqual(budget);
    });

    const distribution = isCompared
      ? needGoPrograms('distribution')
      : {
          isUnmet: true,
          note: ' [skipped: PURSER_BUCKET_COMPARE=1 builds it and asks it, which takes minutes]',
        };
    describe.skipIf(distribution.isUnmet)(`beside distribution${distribution.note}`, () => {
      // Of a push there is nothing to compare with: see distributionOnBucket.
      const compared = Object.keys(BUDGETS).filter((act) => !act.startsWith('push'));
      it.each(compared)('are no more than its for a %s', async (act) => {
        const theirs = await measure(
          await distributionOnBucket(bucket, sandbox.folder),
          act as Act,
        );
        const ours = results.get(`purser: ${act}`);
        expect(ours && totalOf(ours)).toBeLessThanOrEqual(theirs);
      });
    });
  },
);

/**
 * A server asks about once a second whether anything collects garbage: how often in one act depends on the speed of the
 * machine. So it counts once.
 */
function withoutRepeatedMark(exchanges: readonly Exchange[]): readonly Exchange[] {
  const isMark = ({ method, path }: Exchange) =>
    method === 'GET' && decodeURIComponent(path).includes('/o/purser/garbage/active');
  const first = exchanges.find(isMark);
  return exchanges.filter((exchange) => exchange === first || !isMark(exchange));
}

function formatResults(results: ReadonlyMap<string, RequestCounts>): string {
  return [...results]
    .map(([title, counts]) => `${title}: ${totalOf(counts)} ${JSON.stringify(counts)}`)
    .join('\n');
}
