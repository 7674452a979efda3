import { setTimeout as wait } from 'node:timers/promises';
import {
  ask,
  blobPath,
  ContentSource,
  imageManifest,
  manifestPath,
  IMAGE_MANIFEST,
  pullBlob,
  pushManifest,
  pushWhole,
  RegistryClient,
  type RegistryClientOptions,
  type SampleBlob,
} from '@purser/registry-under-test';

export interface OrdinaryClientOptions {
  readonly connection: RegistryClientOptions;
  readonly seed: number;
  /** Between two visits, in milliseconds. */
  readonly pauseMs: number;
  /** Paths that it also asks for in each visit, with a GET. */
  readonly morePaths: readonly string[];
}

/** The visits of some seconds. */
export interface Visits {
  /** Durations of the successful ones, in milliseconds. */
  readonly times: number[];
  /** The reason why each of the others failed. */
  readonly refusals: string[];
}

const REPOSITORY = 'ordinary/image';
const CONFIG_SIZE = 2_000;
const LAYER_SIZE = 64 * 1024;
const PUSHED_SIZE = 4 * 1024;

/**
 * Visits a registry again and again, each time over a connection of its own: pulls an image of one small layer, and
 * pushes a small blob.
 */
export class OrdinaryClient {
  readonly #options: OrdinaryClientOptions;
  readonly #source: ContentSource;
  #image: { readonly config: SampleBlob; readonly layer: SampleBlob } | undefined;
  #visits = 0;

  constructor(options: OrdinaryClientOptions) {
    this.#options = options;
    this.#source = new ContentSource(options.seed);
  }

  /** Pushes the image that it pulls. */
  async prepare(): Promise<void> {
    const client = this.#connect();
    const target = { client, repository: REPOSITORY, source: this.#source };
    const config = this.#source.sample({ seed: 1, size: CONFIG_SIZE });
    const layer = this.#source.sample({ seed: 2, size: LAYER_SIZE });
    for (const blob of [config, layer]) await pushWhole(target, blob);
    await pushManifest(target, 'latest', imageManifest(config, [layer]));
    client.close();
    this.#image = { config, layer };
  }

  async visitFor(seconds: number): Promise<Visits> {
    const visits: Visits = { times: [], refusals: [] };
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const start = performance.now();
      try {
        await this.visit();
        visits.times.push(performance.now() - start);
      } catch (error) {
        visits.refusals.push(String(error));
      }
      await wait(this.#options.pauseMs);
    }
    return visits;
  }

  /** @throws Error when the registry refuses anything. */
  async visit(): Promise<void> {
    const { config, layer } = this.#pushed();
    const blob = this.#source.sample({ seed: 3 + this.#visits++, size: PUSHED_SIZE });
    const client = this.#connect();
    const target = { client, repository: REPOSITORY, source: this.#source };
    try {
      await ask(client, MANIFEST_REQUEST, [200]);
      await pullBlob(target, config.digest);
      await pullBlob(target, layer.digest);
      await pushWhole(target, blob);
      for (const path of this.#options.morePaths) await ask(client, { method: 'GET', path }, [200]);
    } finally {
      client.close();
    }
  }

  /** Asks for a manifest and a blob many times at once. @throws Error when the registry refuses anything. */
  async burst(count: number): Promise<void> {
    const path = blobPath(REPOSITORY, this.#pushed().layer.digest);
    const requests = [MANIFEST_REQUEST, { method: 'GET', path }];
    const client = this.#connect();
    try {
      await Promise.all(
        requests.flatMap((request) =>
          Array.from({ length: count }, () => ask(client, request, [200])),
        ),
      );
    } finally {
      client.close();
    }
  }

  #pushed() {
    if (this.#image === undefined) throw new Error('the image is not pushed yet');
    return this.#image;
  }

  #connect(): RegistryClient {
    return new RegistryClient(this.#options.connection);
  }
}

const MANIFEST_REQUEST = {
  method: 'GET',
  path: manifestPath(REPOSITORY, 'latest'),
  headers: { accept: IMAGE_MANIFEST },
};
