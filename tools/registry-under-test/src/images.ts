import { digestOf, type SampleBlob } from './content.ts';
import { ask } from './expectation.ts';
import type { RegistryAnswer, RegistryClient } from './registry-client.ts';

export const IMAGE_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A manifest as it is pushed. */
export interface SampleManifest {
  readonly digest: string;
  readonly payload: Buffer;
}

/** An image manifest of a config and its layers. Nothing reads the content of either. */
export function imageManifest(config: SampleBlob, layers: readonly SampleBlob[]): SampleManifest {
  const describe = (mediaType: string, { digest, size }: SampleBlob) => ({
    mediaType,
    digest,
    size,
  });
  const document = {
    schemaVersion: 2,
    mediaType: IMAGE_MANIFEST,
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
  };
  const payload = Buffer.from(JSON.stringify(document));
  return { digest: digestOf(payload), payload };
}

export function manifestPath(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`;
}

export interface ManifestTarget {
  readonly client: RegistryClient;
  readonly repository: string;
}

/** Pushes a manifest under a tag or its digest. */
export async function pushManifest(
  { client, repository }: ManifestTarget,
  reference: string,
  { payload }: SampleManifest,
): Promise<void> {
  const headers = { 'content-type': IMAGE_MANIFEST };
  const path = manifestPath(repository, reference);
  await ask(client, { method: 'PUT', path, headers, body: payload }, [201]);
}

/** @returns `undefined` when the reference is not known. */
export async function pullManifest(
  { client, repository }: ManifestTarget,
  reference: string,
): Promise<RegistryAnswer | undefined> {
  const path = manifestPath(repository, reference);
  const answer = await ask(
    client,
    { method: 'GET', path, headers: { accept: IMAGE_MANIFEST } },
    [200, 404],
  );
  return answer.status === 404 ? undefined : answer;
}
