import {
  blobPath,
  IMAGE_MANIFEST,
  manifestPath,
  type SampleBlob,
} from '@purser/registry-under-test';
import {
  REPOSITORY,
  TAG,
  TAG_COUNT,
  TAGS_REPOSITORY,
  type Contestant,
  type Material,
} from './contestant.ts';
import { pushBlobs, pushImages } from './pushes.ts';
import { RawConnection } from './raw-connection.ts';
import { measureProcess, repeat, type Sample } from './sample.ts';
import type { Wrk } from './wrk.ts';

export interface Row {
  readonly name: string;
  /** Clients at a time. */
  readonly concurrency: number;
  readonly unit: 'requests/s' | 'MB/s' | 'images/s';
  /** How many of the unit an operation is: the megabytes of a blob. */
  readonly factor: number;
  readonly generator: string;
  readonly measure: (contestant: Contestant, seconds: number) => Promise<Sample>;
}

/** One client shows latency, eight show what the server can do at most. */
const CONCURRENCIES = [1, 8];
const REQUESTS = { unit: 'requests/s', factor: 1 } as const;

/** Everything that is measured, in the order of the table. */
export function createRows(material: Material, wrk: Wrk | undefined): readonly Row[] {
  return CONCURRENCIES.flatMap((concurrency) => [
    ...requestRows({ material, wrk, concurrency }),
    ...transferRows(material, concurrency),
  ]);
}

interface RequestRows {
  readonly material: Material;
  readonly wrk: Wrk | undefined;
  readonly concurrency: number;
}

function requestRows({ material, wrk, concurrency }: RequestRows): readonly Row[] {
  const { small } = material.pulled;
  const gets = (name: string, path: string): Row => ({
    name,
    concurrency,
    ...REQUESTS,
    generator: wrk === undefined ? 'node:http' : 'wrk',
    measure: (contestant, seconds) =>
      measureRequests(contestant, { wrk, path, concurrency, seconds }),
  });
  return [
    gets('GET /v2/', '/v2/'),
    gets('manifest by tag', manifestPath(REPOSITORY, TAG)),
    {
      name: 'HEAD blob',
      concurrency,
      ...REQUESTS,
      generator: 'node:net',
      // wrk would wait for the content that a HEAD only announces.
      measure: (contestant, seconds) =>
        measureRaw(contestant, { method: 'HEAD', blob: small, concurrency, seconds }),
    },
    gets(`tags/list of ${TAG_COUNT}`, `/v2/${TAGS_REPOSITORY}/tags/list`),
  ];
}

function transferRows(material: Material, concurrency: number): readonly Row[] {
  const { pulled, pushed } = material;
  const pulls = (name: string, blob: SampleBlob): Row => ({
    name,
    concurrency,
    unit: 'MB/s',
    factor: blob.size / 1e6,
    generator: 'node:net',
    measure: (contestant, seconds) =>
      measureRaw(contestant, { method: 'GET', blob, concurrency, seconds }),
  });
  const pushes = (name: string, blobs: readonly SampleBlob[]): Row => ({
    name,
    concurrency,
    unit: 'MB/s',
    factor: (blobs[0]?.size ?? 0) / 1e6,
    generator: 'node:http',
    measure: (contestant) => pushBlobs(contestant, { material, blobs, concurrency }),
  });
  return [
    pulls('pull 1 MB', pulled.small),
    pulls('pull 100 MB', pulled.large),
    pushes('push 1 MB', pushed.small),
    pushes('push 100 MB', pushed.large),
    {
      name: 'push image',
      concurrency,
      unit: 'images/s',
      factor: 1,
      generator: 'node:http',
      measure: (contestant) => pushImages(contestant, { material, concurrency }),
    },
  ];
}

interface RequestLoad {
  readonly wrk: Wrk | undefined;
  readonly path: string;
  readonly concurrency: number;
  readonly seconds: number;
}

function measureRequests(
  { client, registry }: Contestant,
  { wrk, path, concurrency, seconds }: RequestLoad,
): Promise<Sample> {
  const accept = IMAGE_MANIFEST;
  return measureProcess(registry.pid, async () => {
    if (wrk !== undefined) {
      const address = `http://127.0.0.1:${registry.port}${path}`;
      return wrk.load({ url: address, accept, concurrency, seconds });
    }
    return repeat({ concurrency, mayGoOn: until(seconds) }, async () => {
      const answer = await client.request({ method: 'GET', path, headers: { accept } });
      if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status}`);
    });
  });
}

interface RawLoad {
  readonly method: string;
  readonly blob: SampleBlob;
  readonly concurrency: number;
  readonly seconds: number;
}

async function measureRaw(
  { registry }: Contestant,
  { method, blob, concurrency, seconds }: RawLoad,
): Promise<Sample> {
  using connections = new DisposableStack();
  const lanes = Array.from({ length: concurrency }, () =>
    connections.use(new RawConnection(registry.port)),
  );
  const path = blobPath(REPOSITORY, blob.digest);
  const expected = method === 'HEAD' ? 0 : blob.size;
  return await measureProcess(registry.pid, () =>
    repeat({ concurrency, mayGoOn: until(seconds) }, async (_, lane) => {
      const size = await lanes[lane]?.ask(method, path);
      if (size !== expected) throw new Error(`${method} ${path}: ${size} bytes`);
    }),
  );
}

function until(seconds: number): () => boolean {
  const limit = performance.now() + seconds * 1000;
  return () => performance.now() < limit;
}
