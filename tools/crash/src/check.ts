import {
  ask,
  digestOf,
  inParallel,
  pullBlob,
  pullManifest,
  type SampleBlob,
  type SampleManifest,
} from '@purser/registry-under-test';
import type { Actor } from './actor.ts';
import type { RepositoryLedger } from './ledger.ts';
import { pushBlob, pushUntagged } from './pushing.ts';
import { resumeUpload, type Scene } from './uploading.ts';

/** How much of what was checked before is checked again. */
export type Scope = 'new and a sample' | 'everything';

/** Facts of earlier lives looked at again after each kill, per repository. */
const SAMPLE_SIZE = 6;
const CONCURRENCY = 6;

/** Compares what the registry holds with the ledger, and completes what a kill has cut. No client works meanwhile. */
export async function checkRegistry(actor: Actor, scope: Scope): Promise<void> {
  for (const repository of actor.world.repositories) {
    const scene = { actor, repository };
    await checkTags(scene);
    await checkFacts(scene, scope);
    await retryCut(scene);
    await resumeLeft(scene);
  }
  await checkLists(actor, scope);
}

async function checkFacts(scene: Scene, scope: Scope): Promise<void> {
  const { blobs, manifests } = scene.repository;
  await inParallel(chosen(scene.actor, blobs, scope), CONCURRENCY, async (blob) => {
    await scene.actor.attempt('blobs checked', () => checkBlob(scene, blob, true));
  });
  await inParallel(chosen(scene.actor, manifests, scope), CONCURRENCY, async (manifest) => {
    await scene.actor.attempt('manifests checked', () => checkManifest(scene, manifest, true));
  });
}

function chosen<Item extends { readonly digest: string }>(
  { random }: Actor,
  facts: { readonly all: readonly Item[]; takeUnchecked(): readonly Item[] },
  scope: Scope,
): Iterable<Item> {
  const unchecked = facts.takeUnchecked();
  if (scope === 'everything') return facts.all;
  const { all } = facts;
  const size = Math.min(SAMPLE_SIZE, all.length);
  return new Set([...unchecked, ...Array.from({ length: size }, () => random.pick(all))]);
}

async function checkBlob(scene: Scene, blob: SampleBlob, mustExist: boolean): Promise<void> {
  const pulled = await pullBlob(scene.actor.target(scene.repository), blob.digest);
  const place = `${scene.repository.name} ${blob.digest} of ${blob.size} bytes`;
  if (pulled === undefined && mustExist) throw new Error(`acknowledged blob is gone: ${place}`);
  if (pulled === undefined || pulled.digest === blob.digest) return;
  throw new Error(`blob is not what was pushed: ${place} came as ${JSON.stringify(pulled)}`);
}

async function checkManifest(
  scene: Scene,
  manifest: SampleManifest,
  mustExist: boolean,
): Promise<void> {
  const answer = await pullManifest(scene.actor.target(scene.repository), manifest.digest);
  const place = `${scene.repository.name} ${manifest.digest}`;
  if (answer === undefined && mustExist) throw new Error(`acknowledged manifest is gone: ${place}`);
  if (answer === undefined || answer.body.equals(manifest.payload)) return;
  throw new Error(`manifest is not what was pushed: ${place} came as ${answer.body.toString()}`);
}

async function checkTags(scene: Scene): Promise<void> {
  await inParallel(scene.repository.tags, CONCURRENCY, async ([tag, history]) => {
    await scene.actor.attempt('tags checked', async () => {
      const answer = await pullManifest(scene.actor.target(scene.repository), tag);
      const value = answer === undefined ? undefined : digestOf(answer.body);
      const possible = history.possibleValues();
      history.settle(value);
      if (possible.includes(value)) return;
      const expected = possible.map((digest) => digest ?? 'nothing').join(' or ');
      throw new Error(`tag ${scene.repository.name}:${tag} is ${value}, not ${expected}`);
    });
  });
}

/** What was in flight is whole or absent, and can be pushed again. */
async function retryCut(scene: Scene): Promise<void> {
  const { actor, repository } = scene;
  await inParallel(repository.blobs.takeCut(), CONCURRENCY, async (blob) => {
    await actor.attempt('cut blobs pushed again', async () => {
      await checkBlob(scene, blob, false);
      await pushBlob(scene, blob);
    });
  });
  await inParallel(repository.manifests.takeCut(), CONCURRENCY, async (manifest) => {
    await actor.attempt('cut manifests pushed again', async () => {
      await checkManifest(scene, manifest, false);
      await pushUntagged(scene, manifest);
    });
  });
}

/** Goes on with half of the unfinished uploads; the others wait for clients, or for a later life. */
async function resumeLeft(scene: Scene): Promise<void> {
  const { actor, repository } = scene;
  for (const upload of repository.uploads) upload.isLeft = true;
  const resumed = [...repository.uploads].filter(() => actor.random.isLucky(0.5));
  for (const upload of resumed) {
    await actor.attempt('unfinished uploads asked for', async () => {
      const isKnown = await resumeUpload(scene, upload);
      if (!isKnown) await pushBlob(scene, upload.blob);
      if (isKnown) actor.world.tally.add('of them resumed');
    });
  }
}

async function checkLists(actor: Actor, scope: Scope): Promise<void> {
  await actor.attempt('catalogs checked', async () => {
    const { repositories = [] } = await readJson(actor, '/v2/_catalog?n=1000');
    for (const { name, manifests } of actor.world.repositories) {
      if (manifests.all.length === 0 || repositories.includes(name)) continue;
      throw new Error(`the catalog lacks ${name}`);
    }
  });
  for (const repository of actor.world.repositories) {
    if (repository.manifests.all.length === 0) continue;
    await actor.attempt('tag lists checked', async () => {
      const ghosts = await checkTagList(actor, repository);
      if (scope === 'everything') actor.world.tally.add('tags listed that name nothing', ghosts);
    });
  }
}

/** Every tag that names a manifest is listed. @returns How many are listed that name none, left behind by a kill. */
async function checkTagList(actor: Actor, { name, tags }: RepositoryLedger): Promise<number> {
  const { tags: listed } = await readJson(actor, `/v2/${name}/tags/list?n=1000`);
  let ghosts = 0;
  for (const [tag, history] of tags) {
    const isListed = listed?.includes(tag) ?? false;
    const isThere = history.possibleValues().some((value) => value !== undefined);
    if (isThere && !isListed) throw new Error(`the list of ${name} lacks ${tag}`);
    if (!isThere && isListed) ghosts += 1;
  }
  return ghosts;
}

interface Lists {
  readonly repositories?: readonly string[];
  readonly tags?: readonly string[] | null;
}

async function readJson({ client }: Actor, path: string): Promise<Lists> {
  const answer = await ask(client, { method: 'GET', path }, [200]);
  return JSON.parse(answer.body.toString()) as Lists;
}
