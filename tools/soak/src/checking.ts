import { ask, manifestPath, pullBlob } from '@purser/registry-under-test';
import type { Scene } from './blobs.ts';
import type { Image } from './image.ts';
import type { SoakClient } from './soak-client.ts';

/** Pulls what a tag of this client names: all of it must be there, byte for byte. */
export async function pullTagged({ actor }: Scene): Promise<boolean> {
  const named = actor.tags.named();
  if (named.length === 0) return false;
  const { repository, tag, image } = actor.random.pick(named);
  await checkTag({ actor, repository }, tag, image);
  return true;
}

/** The same for every tag of the client. */
export async function pullAllTagged(actor: SoakClient): Promise<void> {
  for (const { repository, tag, image } of actor.tags.named()) {
    await actor.attempt('tags checked', () => checkTag({ actor, repository }, tag, image));
  }
}

async function checkTag(scene: Scene, tag: string, image: Image): Promise<void> {
  await checkManifest(scene, tag, image);
  await checkContent(scene, image);
}

async function checkContent(scene: Scene, image: Image): Promise<void> {
  const { actor, repository } = scene;
  for (const { digest } of image.blobs) {
    const pulled = await pullBlob(actor.target(repository), digest);
    if (pulled?.digest !== digest) lose(scene, `blob ${digest} is ${pulled?.digest}`);
  }
  for (const member of image.members) {
    await checkManifest(scene, member.manifest.digest, member);
    await checkContent(scene, member);
  }
  await checkReferrers(scene, image);
}

async function checkManifest({ actor, repository }: Scene, reference: string, image: Image) {
  const path = manifestPath(repository, reference);
  const request = { method: 'GET', path, headers: { accept: image.mediaType } };
  const { status, body } = await ask(actor.client, request, [200, 404]);
  if (status === 200 && body.equals(image.manifest.payload)) return;
  lose({ actor, repository }, `${reference} is ${status} ${body.toString('utf8', 0, 200)}`);
}

async function checkReferrers(scene: Scene, { manifest, referrers }: Image): Promise<void> {
  if (referrers.length === 0) return;
  const { actor, repository } = scene;
  const path = `/v2/${repository}/referrers/${manifest.digest}`;
  const { body } = await ask(actor.client, { method: 'GET', path }, [200]);
  const listed = JSON.parse(body.toString()) as { manifests: readonly { digest: string }[] };
  const digests = new Set(listed.manifests.map(({ digest }) => digest));
  for (const referrer of referrers) {
    const { digest } = referrer.manifest;
    if (!digests.has(digest)) lose(scene, `referrer ${digest} is not listed`);
    await checkManifest(scene, digest, referrer);
    await checkContent(scene, referrer);
  }
}

function lose({ actor, repository }: Scene, what: string): void {
  actor.report(`tagged content is lost: ${repository} ${what}`);
}
