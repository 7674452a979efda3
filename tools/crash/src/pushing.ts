import {
  ask,
  imageManifest,
  manifestPath,
  pullBlob,
  pullManifest,
  pushManifest,
  pushWhole,
  type SampleBlob,
  type SampleManifest,
} from '@purser/registry-under-test';
import {
  abandonUpload,
  pushAsStream,
  pushInChunks,
  resumeUpload,
  type Scene,
} from './uploading.ts';

/** What a client does: a name for the tally, how often, and the deed. It gives `false` when it lacks what it needs. */
interface Deed {
  readonly name: string;
  readonly weight: number;
  readonly act: (scene: Scene) => Promise<unknown>;
}

const DEEDS: readonly Deed[] = [
  { name: 'blobs pushed', weight: 30, act: (scene) => pushBlob(scene, draw(scene)) },
  { name: 'blobs pushed again', weight: 6, act: pushKnownBlob },
  { name: 'blobs mounted', weight: 10, act: mountBlob },
  { name: 'images pushed by tag', weight: 14, act: (scene) => pushImage(scene, true) },
  { name: 'images pushed by digest', weight: 8, act: (scene) => pushImage(scene, false) },
  { name: 'tags moved', weight: 22, act: moveTag },
  { name: 'tags deleted', weight: 5, act: deleteTag },
  { name: 'uploads abandoned', weight: 6, act: (scene) => abandonUpload(scene, draw(scene)) },
  { name: 'uploads resumed', weight: 5, act: resumeAny },
  { name: 'blobs pulled', weight: 5, act: pullBlobAgain },
  { name: 'manifests pulled', weight: 3, act: pullManifestAgain },
  { name: 'lists read', weight: 2, act: readLists },
];
const TOTAL_WEIGHT = DEEDS.reduce((sum, { weight }) => sum + weight, 0);

/** Does one thing after another until the life of the registry is over. */
export async function pushUntilOver(actor: Scene['actor']): Promise<void> {
  while (!actor.life.isOver) {
    const repository = actor.random.pick(actor.world.repositories);
    const { name, act } = drawDeed(actor);
    const succeeded = await actor.attempt(name, () => act({ actor, repository }));
    if (!succeeded) return;
  }
}

function drawDeed({ random }: Scene['actor']): Deed {
  let rest = random.next() * TOTAL_WEIGHT;
  return DEEDS.find(({ weight }) => (rest -= weight) < 0) ?? random.pick(DEEDS);
}

function draw({ actor }: Scene): SampleBlob {
  return actor.world.samples.take();
}

/** Pushes a blob in one of the three ways. */
export async function pushBlob(scene: Scene, blob: SampleBlob): Promise<void> {
  const { actor, repository } = scene;
  repository.blobs.begin(blob);
  const way = actor.random.integer(1, 3);
  if (way === 1) await pushInChunks(scene, blob);
  else if (way === 2) await pushAsStream(scene, blob);
  else await pushWhole(actor.target(repository), blob);
  repository.blobs.acknowledge(blob);
}

/** One that this repository has, or another. */
async function pushKnownBlob(scene: Scene): Promise<boolean> {
  const known = scene.actor.random.pick(scene.actor.world.repositories).blobs.all;
  if (known.length === 0) return false;
  await pushBlob(scene, scene.actor.random.pick(known));
  return true;
}

async function mountBlob({ actor, repository }: Scene): Promise<boolean> {
  const source = actor.random.pick(actor.world.repositories);
  if (source.blobs.all.length === 0) return false;
  const blob = actor.random.pick(source.blobs.all);
  repository.blobs.begin(blob);
  const query = `mount=${blob.digest}&from=${source.name}`;
  const path = `/v2/${repository.name}/blobs/uploads/?${query}`;
  await ask(actor.client, { method: 'POST', path }, [201]);
  repository.blobs.acknowledge(blob);
  return true;
}

async function pushImage(scene: Scene, isTagged: boolean): Promise<void> {
  const { random } = scene.actor;
  const blobs = [await ownBlob(scene)];
  for (let layers = random.integer(1, 3); layers > 0; layers -= 1) blobs.push(await ownBlob(scene));
  const [config = draw(scene), ...layers] = blobs;
  const manifest = imageManifest(config, layers);
  if (isTagged) await pushTagged(scene, manifest);
  else await pushUntagged(scene, manifest);
}

/** A blob that this repository holds: one it had, or one just pushed. */
async function ownBlob(scene: Scene): Promise<SampleBlob> {
  const { actor, repository } = scene;
  const known = repository.blobs.all;
  if (known.length > 0 && actor.random.isLucky(0.5)) return actor.random.pick(known);
  const blob = draw(scene);
  await pushBlob(scene, blob);
  return blob;
}

/** Pushes a manifest by its digest. */
export async function pushUntagged(scene: Scene, manifest: SampleManifest): Promise<void> {
  const { actor, repository } = scene;
  repository.manifests.begin(manifest);
  await pushManifest(actor.target(repository), manifest.digest, manifest);
  repository.manifests.acknowledge(manifest);
}

async function pushTagged(scene: Scene, manifest: SampleManifest): Promise<void> {
  const { actor, repository } = scene;
  const tag = drawTag(scene);
  repository.manifests.begin(manifest);
  const history = repository.tag(tag);
  const move = history.begin(manifest.digest);
  await pushManifest(actor.target(repository), tag, manifest);
  history.acknowledge(move);
  repository.manifests.acknowledge(manifest);
}

/** Its own tags are moved by this client alone; `latest` by everyone. */
function drawTag({ actor }: Scene): string {
  return actor.random.isLucky(0.15) ? 'latest' : ownTag(actor);
}

function ownTag({ name, random }: Scene['actor']): string {
  return `${name.replace(' ', '-')}.${random.integer(0, 3)}`;
}

async function moveTag(scene: Scene): Promise<boolean> {
  const known = scene.repository.manifests.all;
  if (known.length === 0) return false;
  await pushTagged(scene, scene.actor.random.pick(known));
  return true;
}

/** Only of its own tags does a client know for certain whether they are there. */
async function deleteTag({ actor, repository }: Scene): Promise<boolean> {
  const tag = ownTag(actor);
  const history = repository.tag(tag);
  const isThere = history.possibleValues().every((value) => value !== undefined);
  if (!actor.world.deletesTags || !isThere) return false;
  const move = history.begin(undefined);
  const path = manifestPath(repository.name, tag);
  await ask(actor.client, { method: 'DELETE', path }, [202]);
  history.acknowledge(move);
  return true;
}

/** Goes on with what another client, or this one in an earlier life of the registry, has left. */
async function resumeAny(scene: Scene): Promise<boolean> {
  const { actor, repository } = scene;
  const left = [...repository.uploads].filter((upload) => upload.isLeft);
  if (left.length === 0) return false;
  const upload = actor.random.pick(left);
  upload.isLeft = false;
  return resumeUpload(scene, upload);
}

async function pullBlobAgain({ actor, repository }: Scene): Promise<boolean> {
  if (repository.blobs.all.length === 0) return false;
  const blob = actor.random.pick(repository.blobs.all);
  const pulled = await pullBlob(actor.target(repository), blob.digest);
  if (pulled?.digest === blob.digest) return true;
  throw new Error(`${blob.digest} came as ${pulled?.digest}`);
}

async function pullManifestAgain({ actor, repository }: Scene): Promise<boolean> {
  if (repository.manifests.all.length === 0) return false;
  const manifest = actor.random.pick(repository.manifests.all);
  const answer = await pullManifest(actor.target(repository), manifest.digest);
  if (answer?.body.equals(manifest.payload)) return true;
  throw new Error(`${manifest.digest} came as ${answer?.body.toString()}`);
}

async function readLists({ actor, repository }: Scene): Promise<void> {
  await ask(actor.client, { method: 'GET', path: '/v2/_catalog?n=1000' }, [200]);
  await ask(actor.client, { method: 'GET', path: `/v2/${repository.name}/tags/list` }, [200, 404]);
}
