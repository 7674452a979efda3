import { setTimeout as wait } from 'node:timers/promises';
import {
  ask,
  ContentSource,
  imageManifest,
  manifestPath,
  IMAGE_MANIFEST,
  pullBlob,
  pushManifest,
  pushWhole,
  RegistryClient,
  type SampleBlob,
} from '@purser/registry-under-test';

export interface OrdinaryClientOptions {
  readonly port: number;
  readonly seed: number;
  /** Between two visits, in milliseconds. */
  readonly pauseMs: number;
}

const REPOSITORY = 'siege/image';
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
    const client = new RegistryClient({ ports: [this.#options.port] });
    const target = { client, repository: REPOSITORY, source: this.#source };
    const config = this.#source.sample({ seed: 1, size: CONFIG_SIZE });
    const layer = this.#source.sample({ seed: 2, size: LAYER_SIZE });
    for (const blob of [config, layer]) await pushWhole(target, blob);
    await pushManifest(target, 'latest', imageManifest(config, [layer]));
    client.close();
    this.#image = { config, layer };
  }

  /** @returns How long each visit took, in milliseconds. */
  async visitFor(seconds: number): Promise<number[]> {
    const times: number[] = [];
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      times.push(await this.#visit());
      await wait(this.#options.pauseMs);
    }
    return times;
  }

  async #visit(): Promise<number> {
    if (this.#image === undefined) throw new Error('the image is not pushed yet');
    const { config, layer } = this.#image;
    const blob = this.#source.sample({ seed: 3 + this.#visits++, size: PUSHED_SIZE });
    const client = new RegistryClient({ ports: [this.#options.port] });
    const target = { client, repository: REPOSITORY, source: this.#source };
    const start = performance.now();
    try {
      const path = manifestPath(REPOSITORY, 'latest');
      await ask(client, { method: 'GET', path, headers: { accept: IMAGE_MANIFEST } }, [200]);
      await pullBlob(target, config.digest);
      await pullBlob(target, layer.digest);
      await pushWhole(target, blob);
      return performance.now() - start;
    } finally {
      client.close();
    }
  }
}
