import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerTools } from '@purser/external-programs';
import {
  ask,
  ContentSource,
  pushWhole,
  type Random,
  type RegistryClient,
} from '@purser/registry-under-test';
import { buildImageForEachPlatform } from './sample-images.ts';
import { beginUpload } from './sample-content.ts';

const SOURCE = ['--src-tls-verify=false'];
const TARGET = ['--dest-tls-verify=false'];

/** Image layouts to push: some share layers, one is an index of three platforms. */
export interface Layouts {
  readonly images: readonly string[];
  readonly index: string;
}

/** Builds the images with buildah: a base, three that stand on it, and an index. */
export async function buildLayouts(tools: ContainerTools, folder: string): Promise<Layouts> {
  const base = await buildOn(tools, { folder, from: 'scratch', name: 'base' });
  const above = [];
  for (const name of ['app', 'tool', 'job']) {
    above.push(await buildOn(tools, { folder, from: 'base', name }));
  }
  const index = join(folder, 'index');
  await buildImageForEachPlatform(tools, { folder, list: 'garbage-platforms' });
  await tools.buildah('manifest', 'push', '--all', '--quiet', 'garbage-platforms', `oci:${index}`);
  return { images: [base, ...above], index };
}

interface Build {
  readonly folder: string;
  readonly from: string;
  readonly name: string;
}

async function buildOn(
  { buildah }: ContainerTools,
  { folder, from, name }: Build,
): Promise<string> {
  const files = join(folder, `files-of-${name}`);
  await mkdir(files);
  await writeFile(join(files, name), `this is ${name}\n`.repeat(500));
  const container = await buildah('from', from);
  await buildah('add', '--quiet', container, files, '/');
  await buildah('commit', '--quiet', '--rm', '--format', 'oci', container, name);
  const layout = join(folder, name);
  await buildah('push', '--quiet', name, `oci:${layout}`);
  return layout;
}

export interface RootScene {
  readonly tools: ContainerTools;
  readonly layouts: Layouts;
  readonly client: RegistryClient;
  /** `127.0.0.1:5000` */
  readonly host: string;
  readonly random: Random;
}

const REPOSITORIES = ['one', 'one/below', 'two'];
const TAGS = ['1', '2', 'latest'];

type Deed = (scene: RootScene) => Promise<unknown>;

/** With how often each is drawn. */
const DEEDS: readonly (readonly [number, Deed])[] = [
  [6, pushImage],
  [3, pushIndex],
  [2, copyAcross],
  [3, deleteImage],
  [1, leaveUpload],
  [1, leaveBlob],
];

/** Fills a root through a registry, as its users would over the years: what is pushed, moved, deleted and left behind is drawn. */
export async function fillRoot(scene: RootScene, deeds: number): Promise<void> {
  const drawn = DEEDS.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed));
  for (let count = 0; count < deeds; count++) await scene.random.pick(drawn)(scene);
}

function drawTarget({ host, random }: RootScene): string {
  return `docker://${host}/${random.pick(REPOSITORIES)}:${random.pick(TAGS)}`;
}

/** Under a tag that may name another image already, which then has none. */
async function pushImage(scene: RootScene): Promise<void> {
  const { tools, layouts, random } = scene;
  const format = random.isLucky(0.5) ? 'oci' : 'v2s2';
  const image = `oci:${random.pick(layouts.images)}`;
  await tools.skopeo('copy', '--format', format, ...TARGET, image, drawTarget(scene));
}

async function pushIndex(scene: RootScene): Promise<void> {
  const { tools, layouts } = scene;
  const options = ['--all', '--preserve-digests', ...TARGET];
  await tools.skopeo('copy', ...options, `oci:${layouts.index}`, drawTarget(scene));
}

async function copyAcross(scene: RootScene): Promise<void> {
  const from = await drawTagged(scene);
  if (from === undefined) return;
  const options = ['--all', '--preserve-digests', ...SOURCE, ...TARGET];
  await scene.tools.skopeo('copy', ...options, `docker://${from}`, drawTarget(scene));
}

async function deleteImage(scene: RootScene): Promise<void> {
  const image = await drawTagged(scene);
  if (image !== undefined)
    await scene.tools.skopeo('delete', '--tls-verify=false', `docker://${image}`);
}

async function leaveUpload({ client, random }: RootScene): Promise<void> {
  const source = new ContentSource(random.integer(0, 1000));
  const target = { client, source, repository: random.pick(REPOSITORIES) };
  await beginUpload(target, source.sample({ seed: 1, size: 20_000 }));
}

/** A blob whose manifest never came. */
async function leaveBlob({ client, random }: RootScene): Promise<void> {
  const source = new ContentSource(random.integer(0, 1000));
  const target = { client, source, repository: random.pick(REPOSITORIES) };
  await pushWhole(target, source.sample({ seed: 2, size: 3000 }));
}

/** One of all tagged images: `127.0.0.1:5000/one:latest`. */
async function drawTagged({ client, host, random }: RootScene): Promise<string | undefined> {
  const tagged: string[] = [];
  for (const repository of REPOSITORIES) {
    const path = `/v2/${repository}/tags/list`;
    const { status, body } = await ask(client, { method: 'GET', path }, [200, 404]);
    if (status === 404) continue;
    const { tags } = JSON.parse(body.toString()) as { readonly tags: readonly string[] | null };
    tagged.push(...(tags ?? []).toSorted().map((tag) => `${host}/${repository}:${tag}`));
  }
  return tagged.length === 0 ? undefined : random.pick(tagged);
}
