import { createHash } from 'node:crypto';
import {
  DEFAULT_MAXIMUM_MANIFEST_SIZE,
  encodedOf,
  type Descriptor,
  type Digest,
  type Manifest,
} from '@purser/core';
import { buildManifest, type Schema1Layer } from './build.ts';
import { invalid } from './complaint.ts';
import { EMPTY_LAYER_DIGEST } from './empty-layer.ts';
import { encodeGoJson, quote, sortByName, type GoValue } from './go-json.ts';
import { parseImageConfig, type ImageConfig, type ImageHistory } from './image-config.ts';
import { readRawMembers } from './raw-json.ts';
import type { Signer } from './signing.ts';

export interface ConvertImageOptions extends Signer {
  /** The bytes of the config. */
  readonly config: Uint8Array;
  /** Oldest first, one for each of the config's `rootfs.diff_ids`. */
  readonly layers: readonly Pick<Descriptor, 'digest'>[];
  readonly repository: string;
  /** '' for none. */
  readonly tag: string;
}

/**
 * Makes a schema 1 manifest of an image of schema 2. The canonical bytes, and so the digest, are those that
 * distribution makes; they depend on nothing but the image and its name.
 *
 * The manifest may refer to the empty layer (`EMPTY_LAYER`), which the image itself has no blob for.
 *
 * @throws RegistryError `MANIFEST_INVALID` when the config cannot be read, does not fit the layers, has more than 4096
 * steps in its history, or makes a manifest of more than 4 MiB.
 * @see distribution 2.8, manifest/schema1/config_builder.go.
 */
export function convertImage(options: ConvertImageOptions): Manifest {
  const config = parseImageConfig(options.config);
  checkCounts(config, options.layers.length);
  const layers = [...describeHistory(config, options)];
  checkSize(layers.reduce((size, layer) => size + layer.v1Compatibility.length, 0));
  const { architecture } = config;
  const manifest = buildManifest({ ...options, architecture }, layers);
  checkSize(manifest.payload.byteLength);
  return manifest;
}

function checkSize(size: number): void {
  if (size <= DEFAULT_MAXIMUM_MANIFEST_SIZE) return;
  throw invalid('the image makes a schema 1 manifest that is too large');
}

function checkCounts({ diffIds, history }: ImageConfig, layers: number): void {
  if (diffIds !== layers) {
    throw invalid(`the config of the image is about ${diffIds} layers, but there are ${layers}`);
  }
  const used = history.filter(({ isEmptyLayer }) => !isEmptyLayer).length;
  if (used > layers) throw invalid('the history of the image is about more layers than there are');
}

/** Gives each step of the history a layer and an id, made of those below it. */
function* describeHistory(
  config: ImageConfig,
  { layers, config: bytes }: ConvertImageOptions,
): Iterable<Schema1Layer> {
  const remaining = layers.values();
  const top = config.history.at(-1);
  let parent = '';
  for (const [index, step] of config.history.entries()) {
    const digest = digestOfStep(step, remaining);
    const seed = `${encodedOf(digest)} ${parent}`;
    if (step === top) {
      const id = createHash('sha256').update(`${seed} `).update(bytes).digest('hex');
      yield { digest, v1Compatibility: describeTop(config, { id, parent, step }) };
      return;
    }
    const id = createHash('sha256').update(seed).digest('hex');
    // The id of the first step is made without the base layer below it.
    if (index === 0 && config.baseLayer !== '') parent = baseLayerId(config.baseLayer);
    yield { digest, v1Compatibility: describeStep({ id, parent, step }) };
    parent = id;
  }
}

function digestOfStep(
  { isEmptyLayer }: ImageHistory,
  remaining: Iterator<Pick<Descriptor, 'digest'>>,
): Digest {
  const next = isEmptyLayer ? undefined : remaining.next();
  return next === undefined || next.done === true ? EMPTY_LAYER_DIGEST : next.value.digest;
}

function baseLayerId(baseLayer: string): string {
  return createHash('sha384').update(baseLayer.toWellFormed()).digest('hex').slice(0, 64);
}

interface Step {
  readonly id: string;
  /** '' for the first. */
  readonly parent: string;
  readonly step: ImageHistory;
}

function describeStep({ id, parent, step }: Step): string {
  return encodeGoJson(
    new Map<string, GoValue | undefined>([
      ['id', id],
      ['parent', parent || undefined],
      ['comment', step.comment || undefined],
      ['created', step.created],
      ['container_config', { Cmd: [step.createdBy] }],
      ['author', step.author || undefined],
      ['throwaway', step.isEmptyLayer || undefined],
    ]),
  );
}

/** The config itself, without what schema 1 says in other ways. */
function describeTop({ text }: ImageConfig, { id, parent, step }: Step): string {
  const members = readRawMembers(text);
  members.delete('rootfs');
  members.delete('history');
  members.set('id', quote(id));
  if (parent !== '') members.set('parent', quote(parent));
  if (step.isEmptyLayer) members.set('throwaway', 'true');
  const written = sortByName([...members]).map(([name, value]) => `${quote(name)}:${value}`);
  return `{${written.join(',')}}`;
}
