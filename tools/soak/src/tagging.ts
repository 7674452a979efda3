import { setTimeout as wait } from 'node:timers/promises';
import {
  ask,
  ConnectionLost,
  digestOf,
  manifestPath,
  pullManifest,
} from '@purser/registry-under-test';
import type { Scene } from './blobs.ts';
import type { Image } from './image.ts';
import { prepareImage, prepareIndex, putManifest } from './manifests.ts';
import type { SoakClient } from './soak-client.ts';
import type { TagValue } from './tags.ts';

/** Tags of a client in a repository. */
const TAGS = 2;

export async function pushImage(scene: Scene): Promise<boolean> {
  const image = await prepareImage(scene);
  await dawdle(scene.actor);
  return moveTag(scene, drawTag(scene.actor), image);
}

export async function pushIndex(scene: Scene): Promise<boolean> {
  const index = await prepareIndex(scene);
  if (index === undefined) return false;
  await dawdle(scene.actor);
  return moveTag(scene, drawTag(scene.actor), index);
}

export async function pushUntagged(scene: Scene): Promise<boolean> {
  const image = await prepareImage(scene);
  if (!(await putManifest(scene, image))) return false;
  scene.actor.remember(image);
  return true;
}

/** Gives another tag to what has one, or has none yet. */
export async function retag({ actor }: Scene): Promise<boolean> {
  const images = [...actor.untagged, ...actor.tags.named().map(({ image }) => image)];
  if (images.length === 0) return false;
  const image = actor.random.pick(images);
  return moveTag({ actor, repository: image.repository }, drawTag(actor), image);
}

export async function deleteTag({ actor }: Scene): Promise<boolean> {
  const named = actor.tags.named();
  if (named.length === 0) return false;
  const { repository, tag } = actor.random.pick(named);
  return withDoubt(actor, [{ repository, tag, value: undefined }], () =>
    deleteReference({ actor, repository }, tag),
  );
}

/** Deletes what a tag names, with every tag of it. */
export async function deleteImage({ actor }: Scene): Promise<boolean> {
  const named = actor.tags.named();
  if (named.length === 0) return false;
  const { repository, image } = actor.random.pick(named);
  const { digest } = image.manifest;
  const moves = named
    .filter((each) => each.repository === repository && each.image === image)
    .map(({ tag }) => ({ repository, tag, value: undefined }));
  actor.world.promises.withdraw(repository, digest);
  return withDoubt(actor, moves, () => deleteReference({ actor, repository }, digest));
}

async function deleteReference({ actor, repository }: Scene, reference: string): Promise<true> {
  const path = manifestPath(repository, reference);
  await ask(actor.client, { method: 'DELETE', path }, [202]);
  return true;
}

/** Deletes every tag of the client; what they named is garbage then. */
export async function deleteAllTags(actor: SoakClient): Promise<void> {
  for (const { repository, tag } of actor.tags.named()) {
    await actor.attempt('tags deleted at the end', () =>
      deleteReference({ actor, repository }, tag),
    );
  }
}

/** Reads the tags of which a kill has left no certain knowledge. */
export async function settleTags(actor: SoakClient): Promise<void> {
  for (const { repository, tag, possible } of actor.tags.doubtful()) {
    const answer = await pullManifest({ client: actor.client, repository }, tag);
    const digest = answer && digestOf(answer.body);
    const found = possible.find((value) => value?.manifest.digest === digest);
    if (found?.manifest.digest !== digest) {
      actor.report(`tag ${repository}:${tag} is ${digest}, which nobody made it`);
    }
    actor.tags.set(repository, tag, found);
  }
}

async function moveTag(scene: Scene, tag: string, image: Image): Promise<boolean> {
  const { actor, repository } = scene;
  return withDoubt(actor, [{ repository, tag, value: image }], () =>
    putManifest(scene, image, tag),
  );
}

interface Move {
  readonly repository: string;
  readonly tag: string;
  readonly value: TagValue;
}

/** Moves tags, if `act` says that it did; they are in doubt when the connection is lost. */
async function withDoubt(
  { tags }: SoakClient,
  moves: readonly Move[],
  act: () => Promise<boolean>,
): Promise<boolean> {
  try {
    const isDone = await act();
    if (isDone) for (const { repository, tag, value } of moves) tags.set(repository, tag, value);
    return isDone;
  } catch (error) {
    if (error instanceof ConnectionLost) {
      for (const { repository, tag, value } of moves) tags.doubt(repository, tag, value);
    }
    throw error;
  }
}

function drawTag({ name, random }: SoakClient): string {
  return `${name.replace(' ', '-')}.${random.integer(1, TAGS)}`;
}

/** Between the layers and the manifest a client may take its time, up to the grace and sometimes beyond. */
async function dawdle({ random }: SoakClient): Promise<void> {
  if (random.isLucky(0.25)) await wait(random.integer(0, 2600));
}
