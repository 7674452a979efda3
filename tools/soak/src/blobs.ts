import { setTimeout as wait } from 'node:timers/promises';
import {
  ask,
  blobPath,
  ConnectionLost,
  finishUpload,
  locationOf,
  pullBlob,
  pushStreamed,
  pushWhole,
  sendPart,
  startUpload,
  type SampleBlob,
} from '@purser/registry-under-test';
import { isBroken } from './promises.ts';
import type { SoakClient } from './soak-client.ts';

/** A client at work on a repository. */
export interface Scene {
  readonly actor: SoakClient;
  readonly repository: string;
}

/** Makes a blob be there, as clients do: asks for it, asks to mount it, or pushes it. */
export async function provideBlob(scene: Scene, blob: SampleBlob): Promise<void> {
  const { random } = scene.actor;
  if (random.isLucky(0.7) && (await isThere(scene, blob))) return;
  if (random.isLucky(0.4)) await mountBlob(scene, blob);
  else await pushBlob(scene, blob);
}

/** Asks by HEAD. "No" to what was promised is a broken promise. */
export async function isThere(scene: Scene, { digest }: SampleBlob): Promise<boolean> {
  const { actor, repository } = scene;
  const { promises, tally } = actor.world;
  const heldUntil = promises.until(repository, digest);
  const request = { method: 'HEAD', path: blobPath(repository, digest) };
  const { status } = await ask(actor.client, request, [200, 404]);
  if (status === 200) {
    promises.told(repository, digest);
    tally.add('blobs found');
    return true;
  }
  if (isBroken(heldUntil)) actor.report(`promised blob is gone: ${repository} ${digest}`);
  if (heldUntil > 0) tally.add(COLLECTED);
  return false;
}

/** Known content that was gone when its promise was over: without any, nothing was collected. */
export const COLLECTED = 'blobs found collected';

export async function pushBlob({ actor, repository }: Scene, blob: SampleBlob): Promise<void> {
  const target = actor.target(repository);
  const way = actor.random.integer(1, 3);
  if (way === 1) await pushInChunks({ actor, repository }, blob);
  else if (way === 2) await pushStreamed(target, blob);
  else await pushWhole(target, blob);
  actor.world.promises.told(repository, blob.digest);
  actor.world.tally.add('blobs pushed');
}

async function pushInChunks({ actor, repository }: Scene, blob: SampleBlob): Promise<void> {
  const target = actor.target(repository);
  const half = Math.floor(blob.size / 2);
  let location = await startUpload(target);
  for (const range of [
    { start: 0, end: half },
    { start: half, end: blob.size },
  ]) {
    const content = target.source.chunks(blob, range.start, range.end);
    if (range.end > range.start) location = await sendPart(target, { location, content, range });
  }
  await finishUpload(target, { location, blob });
}

/** Mounts a blob from another repository; pushes it where that does not work, which it must if the blob was promised there. */
async function mountBlob(scene: Scene, blob: SampleBlob): Promise<void> {
  const { actor, repository } = scene;
  const { promises, repositories, tally } = actor.world;
  const from = actor.random.pick(repositories.filter((name) => name !== repository));
  const heldUntil = promises.until(from, blob.digest);
  const path = `/v2/${repository}/blobs/uploads/?mount=${blob.digest}&from=${from}`;
  const request = { method: 'POST', path };
  const answer = await ask(actor.client, request, [201, 202]);
  if (answer.status === 201) {
    tally.add('blobs mounted');
  } else {
    if (isBroken(heldUntil)) actor.report(`promised blob was not mounted: ${from} ${blob.digest}`);
    const target = actor.target(repository);
    const content = target.source.chunks(blob);
    const location = locationOf(request, answer);
    await finishUpload(target, { location, blob, content, length: blob.size });
    tally.add('blobs pushed');
  }
  promises.told(repository, blob.digest);
}

/** Reads a blob that somebody may have been promised. */
export async function readAgain({ actor, repository }: Scene): Promise<void> {
  const { pool, promises, tally } = actor.world;
  const { digest } = actor.random.pick(pool);
  const heldUntil = promises.until(repository, digest);
  const pulled = await pullBlob(actor.target(repository), digest);
  if (pulled === undefined && isBroken(heldUntil)) {
    actor.report(`promised blob cannot be pulled: ${repository} ${digest}`);
  }
  if (pulled === undefined && heldUntil > 0) tally.add(COLLECTED);
  if (pulled !== undefined && pulled.digest !== digest) {
    actor.report(`${repository} ${digest} came as ${pulled.digest}`);
  }
}

/** A client that dies while it pushes. */
export async function pushAndDie({ actor, repository }: Scene): Promise<void> {
  const { pool, source } = actor.world;
  const client = actor.connect();
  const blob = actor.random.pick(pool);
  const pushing = pushStreamed({ client, source, repository }, blob).catch((error: unknown) => {
    if (!(error instanceof ConnectionLost)) throw error;
  });
  await wait(actor.random.integer(0, 25));
  client.close();
  await pushing;
}
