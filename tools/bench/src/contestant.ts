import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  imageManifest,
  inParallel,
  pushManifest,
  pushWhole,
  RegistryClient,
  type ContentSource,
  type RegistryProcess,
  type SampleBlob,
  type SampleManifest,
} from '@purser/registry-under-test';

export const REPOSITORY = 'bench/image';
export const TAGS_REPOSITORY = 'bench/tags';
export const TAG = 'latest';
export const TAG_COUNT = 2000;

/** An image of a config and three layers, as it is pushed. */
export interface SampleImage {
  readonly config: SampleBlob;
  readonly layers: readonly SampleBlob[];
  readonly manifest: SampleManifest;
}

/** What is pushed and pulled, the same for every contestant. */
export interface Material {
  readonly source: ContentSource;
  readonly pulled: {
    readonly small: SampleBlob;
    readonly large: SampleBlob;
    readonly image: SampleImage;
  };
  readonly pushed: {
    readonly small: readonly SampleBlob[];
    readonly large: readonly SampleBlob[];
    readonly images: readonly SampleImage[];
  };
}

const MEGABYTE = 1_000_000;

/** Makes everything that will be sent, with its digests, before anything is measured. */
export function createMaterial(source: ContentSource): Material {
  let seed = 0;
  const blob = (size: number) => source.sample({ seed: ++seed, size });
  const many = <T>(length: number, make: () => T) => Array.from({ length }, make);
  return {
    source,
    pulled: { small: blob(MEGABYTE), large: blob(100 * MEGABYTE), image: image(blob) },
    pushed: {
      small: many(160, () => blob(MEGABYTE)),
      large: many(8, () => blob(100 * MEGABYTE)),
      images: many(40, () => image(blob)),
    },
  };
}

function image(blob: (size: number) => SampleBlob): SampleImage {
  const config = blob(2000);
  const layers = [blob(MEGABYTE), blob(250_000), blob(50_000)];
  return { config, layers, manifest: imageManifest(config, layers) };
}

/** One of the registries that are compared. */
export class Contestant implements Disposable {
  readonly name: string;
  readonly registry: RegistryProcess;
  readonly client: RegistryClient;
  readonly #root: string;

  constructor(registry: RegistryProcess, root: string) {
    this.name = registry.program.name;
    this.registry = registry;
    this.client = new RegistryClient({ ports: [registry.port], timeoutMs: 120_000 });
    this.#root = root;
  }

  /** Stores what is asked for later. */
  async fill(material: Material): Promise<void> {
    const { small, large } = material.pulled;
    const target = { client: this.client, source: material.source, repository: REPOSITORY };
    for (const blob of [small, large]) await pushWhole(target, blob);
    await this.#pushImage(REPOSITORY, material);
  }

  /** Stores a repository of many tags. */
  async fillTags(material: Material): Promise<void> {
    const { image } = material.pulled;
    await this.#pushImage(TAGS_REPOSITORY, material);
    const tags = Array.from({ length: TAG_COUNT - 1 }, (_, index) => `v1.0.${index}`);
    await inParallel(tags, 16, (tag) =>
      pushManifest({ client: this.client, repository: TAGS_REPOSITORY }, tag, image.manifest),
    );
    await this.#checkTags();
  }

  /** Takes pushed content away behind the registry's back, so that the next push of it is a first one. */
  async forget(repository: string, digests: readonly string[]): Promise<void> {
    const stored = join(this.#root, 'docker/registry/v2');
    await rm(join(stored, 'repositories', repository), { recursive: true, force: true });
    await inParallel(digests, 16, async (digest) => {
      const [algorithm = '', hex = ''] = digest.split(':');
      const folder = join(stored, 'blobs', algorithm, hex.slice(0, 2), hex);
      await rm(folder, { recursive: true, force: true });
    });
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  async #pushImage(repository: string, { source, pulled: { image } }: Material): Promise<void> {
    const target = { client: this.client, source, repository };
    for (const blob of [image.config, ...image.layers]) await pushWhole(target, blob);
    await pushManifest(target, TAG, image.manifest);
  }

  /** A registry that gives only a page of the list would win for the wrong reason. */
  async #checkTags(): Promise<void> {
    const path = `/v2/${TAGS_REPOSITORY}/tags/list`;
    const { body } = await this.client.request({ method: 'GET', path });
    const { tags } = JSON.parse(body.toString()) as { tags: readonly string[] };
    if (tags.length === TAG_COUNT) return;
    throw new Error(`${this.name} lists ${tags.length} of ${TAG_COUNT} tags: not comparable`);
  }
}
