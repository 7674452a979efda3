import {
  ask,
  imageManifest,
  IMAGE_MANIFEST,
  manifestPath,
  UnexpectedAnswer,
  type RegistryAnswer,
  type SampleBlob,
} from '@purser/registry-under-test';
import { provideBlob, type Scene } from './blobs.ts';
import { imageIndex, referrerOf, type Image } from './image.ts';
import { isBroken } from './promises.ts';
import type { SoakClient } from './soak-client.ts';

/** Content that is missing may be pushed again so often before a client gives up: its time was up each time. */
const MOST_TRIES = 5;

/** Makes an image of shared layers and a config of its own, and pushes what it needs. */
export async function prepareImage(scene: Scene): Promise<Image> {
  const { actor, repository } = scene;
  const { pool, source } = actor.world;
  const config = source.sample({ seed: actor.random.integer(0, 2 ** 31), size: 300 });
  const layers = drawLayers(actor, pool);
  for (const blob of [config, ...layers]) await provideBlob(scene, blob);
  return {
    repository,
    mediaType: IMAGE_MANIFEST,
    manifest: imageManifest(config, layers),
    blobs: [config, ...layers],
    members: [],
    referrers: [],
  };
}

function drawLayers({ random }: SoakClient, pool: readonly SampleBlob[]): readonly SampleBlob[] {
  return [...new Set(Array.from({ length: random.integer(1, 4) }, () => random.pick(pool)))];
}

export async function prepareIndex(scene: Scene): Promise<Image | undefined> {
  const members: Image[] = [];
  for (let count = scene.actor.random.integer(1, 3); count > 0; count--) {
    const image = await prepareImage(scene);
    if (!(await putManifest(scene, image))) return undefined;
    members.push(image);
  }
  return imageIndex(scene.repository, members, scene.actor.nextNote());
}

/** Attaches a manifest to an image that a tag of this client names. */
export async function attachReferrer(actor: SoakClient): Promise<boolean> {
  const named = actor.tags.named();
  if (named.length === 0) return false;
  const { image: subject, repository } = actor.random.pick(named);
  const scene = { actor, repository };
  const { pool, source } = actor.world;
  const config = source.sample({ seed: actor.random.integer(0, 2 ** 31), size: 20 });
  const content = actor.random.pick(pool);
  for (const blob of [config, content]) await provideBlob(scene, blob);
  const referrer = referrerOf(subject, content, config);
  if (!(await putManifest(scene, referrer))) return false;
  subject.referrers.push(referrer);
  return true;
}

/**
 * Pushes a manifest, by its digest or under a tag. What is missing although it was promised is a broken promise; what was
 * promised for too long ago is pushed again.
 *
 * @returns Whether it is there.
 */
export async function putManifest(scene: Scene, image: Image, tag?: string): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const missing = await tryPut(scene, image, tag);
    if (missing === undefined) return true;
    scene.actor.world.tally.add('manifests that came too late');
    const blobs = image.blobs.filter(({ digest }) => missing.includes(digest));
    // Members of an index are not pushed again: their own content may be gone too.
    if (blobs.length === 0) return false;
    for (const blob of blobs) await provideBlob(scene, blob);
  }
  return false;
}

/** @returns The digests that are missing; `undefined` when nothing is. */
async function tryPut(
  { actor, repository }: Scene,
  image: Image,
  tag?: string,
): Promise<readonly string[] | undefined> {
  const { manifest, mediaType } = image;
  const held = heldUntil(actor, image);
  const request = {
    method: 'PUT',
    path: manifestPath(repository, tag ?? manifest.digest),
    headers: { 'content-type': mediaType },
    body: manifest.payload,
  };
  const answer = await ask(actor.client, request, [201, 400, 404]);
  if (answer.status === 201) {
    actor.world.promises.told(repository, manifest.digest);
    return undefined;
  }
  const missing = missingIn(answer);
  if (missing.length === 0) throw new UnexpectedAnswer(request, answer, '201');
  for (const digest of missing) {
    if (isBroken(held.get(digest) ?? 0)) {
      actor.report(`a manifest was refused for want of what was promised: ${repository} ${digest}`);
    }
  }
  return missing;
}

/** How long a client may rely on what a manifest refers to. */
function heldUntil(actor: SoakClient, image: Image): ReadonlyMap<string, number> {
  const { promises } = actor.world;
  const isKept = actor.tags.keeps(image);
  const until = (digest: string) => (isKept ? Infinity : promises.until(image.repository, digest));
  return new Map([
    ...image.blobs.map(({ digest }) => [digest, until(digest)] as const),
    ...image.members.map(
      (member) =>
        [
          member.manifest.digest,
          actor.tags.keeps(member) ? Infinity : until(member.manifest.digest),
        ] as const,
    ),
  ]);
}

function missingIn({ body }: RegistryAnswer): readonly string[] {
  const { errors = [] } = JSON.parse(body.toString()) as {
    errors?: readonly { code: string; detail?: { digest?: string } }[];
  };
  return errors
    .filter(({ code }) => code === 'MANIFEST_BLOB_UNKNOWN')
    .map(({ detail }) => detail?.digest ?? 'unnamed');
}
