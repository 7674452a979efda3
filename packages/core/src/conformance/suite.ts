import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import type { BlobStore } from '../blob.ts';
import { describeManifest } from '../describe-manifest.ts';
import type { Descriptor } from '../descriptor.ts';
import { digestOf } from '../digest.ts';
import { RegistryError, type ErrorCode } from '../errors.ts';
import type { Manifest } from '../manifest.ts';
import type { Registry, Repository } from '../registry.ts';
import { parseRepositoryName } from '../repository-name.ts';
import { describeBytes, sampleBytes, sampleImage } from '../testing/samples.ts';

/** What the suite needs of a test runner; those of vitest, mocha and node:test fit. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
}

export interface RegistryUnderTest {
  /** Empty, and shared with no other test. */
  readonly registry: Registry;
  cleanUp?(): Promise<void>;
}

export interface RegistrySupport {
  /** Whether it lists its repositories. Default `true`. */
  readonly catalog?: boolean | undefined;
  /** Whether a writer keeps others out of its session until it lets go. Default `true`. */
  readonly exclusiveUploads?: boolean | undefined;
  /** Whether manifests are kept apart from blobs, so that none can be had as a blob. Default `true`. */
  readonly manifestsApart?: boolean | undefined;
  /** Whether a blob of one repository can be mounted in another. Default `true`. */
  readonly mounting?: boolean | undefined;
  /** Whether whole repositories can be removed. Default `false`. */
  readonly removal?: boolean | undefined;
  /** Whether a mount without a source asks `mayRead` before it looks anywhere. Default `true`. */
  readonly mountRights?: boolean | undefined;
}

export interface RegistryConformanceOptions extends TestRunner {
  /** What of the contract the registry cannot do; the rest of the suite still holds. Default: it does all. */
  readonly supports?: RegistrySupport | undefined;
  createRegistry(): Promise<RegistryUnderTest>;
}

/** Declares one test that gets a fresh registry and leaves nothing behind. */
export type RegistryTest = (name: string, body: (registry: Registry) => Promise<void>) => void;

export function registryTest(options: RegistryConformanceOptions): RegistryTest {
  return (name, body) =>
    options.it(name, async () => {
      const underTest = await options.createRegistry();
      try {
        await body(underTest.registry);
      } finally {
        await underTest.cleanUp?.();
      }
    });
}

export function repositoryOf(registry: Registry, name = 'suite/first'): Repository {
  return registry.repository(parseRepositoryName(name));
}

/** Asserts that a call fails with the code. */
export async function fails(call: Promise<unknown>, code: ErrorCode): Promise<RegistryError> {
  try {
    await call;
  } catch (error) {
    assert.ok(RegistryError.is(error), `expected a RegistryError ${code}, got ${String(error)}`);
    assert.equal(error.code, code);
    return error;
  }
  return assert.fail(`expected ${code}, but the call succeeded`);
}

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function* chunksOf(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

export async function collect<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const entry of entries) collected.push(entry);
  return collected;
}

export async function pushBlob(blobs: BlobStore, content: Uint8Array): Promise<Descriptor> {
  const writer = await blobs.create();
  await writer.append(chunksOf(content));
  return writer.commit(digestOf(content));
}

/** Pushes the blobs of an image, and gives its manifest, which is not pushed. */
export async function prepareImage(
  { blobs }: Repository,
  { seed = 1, annotations }: { seed?: number; annotations?: Record<string, string> } = {},
): Promise<Manifest> {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', seed }));
  const layer = sampleBytes(1000, seed);
  await Promise.all([pushBlob(blobs, config), pushBlob(blobs, layer)]);
  return sampleImage({
    config: describeBytes(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [describeBytes(layer)],
    ...(annotations && { annotations }),
  });
}

export async function pushImage(
  repository: Repository,
  options?: { seed?: number; annotations?: Record<string, string> },
): Promise<Descriptor> {
  const manifest = await prepareImage(repository, options);
  await repository.manifests.put(manifest);
  return describeManifest(manifest);
}
