import { ask, IMAGE_MANIFEST, manifestPath } from '@purser/registry-under-test';
import { handmadeImages, pushImage, type HandmadeImage } from './convertible-images.ts';
import type { Repository } from './push-bytes.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  IMAGE_INDEX,
  listOf,
  ociImage,
  push,
  type Payload,
} from './sample-content.ts';
import { SCHEMA1 } from './signed-manifest.ts';

type ManifestType = 'schema 2' | 'manifest list' | 'OCI image' | 'OCI index';

/** A stored manifest of one of the types that clients may or may not take. */
export interface TypedManifest {
  readonly type: ManifestType;
  readonly tag: string;
  readonly manifest: Payload;
}

/** A way to ask for one of them. */
export interface Negotiation {
  readonly type: ManifestType;
  readonly by: 'tag' | 'digest';
  readonly method: 'GET' | 'HEAD';
  /** For the title. */
  readonly accept: string;
  readonly headers: Readonly<Record<string, string>>;
}

const OCI_TYPES = `${IMAGE_MANIFEST}, ${IMAGE_INDEX}`;

const ACCEPT: Readonly<Record<string, string>> = {
  everything: '*/*',
  'schema 1': SCHEMA1,
  'schema 1 without signatures': SCHEMA1.replace('prettyjws', 'json'),
  'schema 2': DOCKER_MANIFEST,
  list: DOCKER_LIST,
  'schema 2, list': `${DOCKER_MANIFEST}, ${DOCKER_LIST}`,
  'OCI image': IMAGE_MANIFEST,
  'OCI index': IMAGE_INDEX,
  'OCI image and index': OCI_TYPES,
  'every type': `${SCHEMA1},${DOCKER_MANIFEST},${DOCKER_LIST},${OCI_TYPES}`,
  'schema 2 with weight 0': `${DOCKER_MANIFEST};q=0, ${SCHEMA1};q=1.0`,
  'what is no type': 'manifest, ;;, /, application/*',
};

const TYPES: readonly ManifestType[] = ['schema 2', 'manifest list', 'OCI image', 'OCI index'];

export const negotiations: readonly Negotiation[] = TYPES.flatMap((type) =>
  (['tag', 'digest'] as const).flatMap((by) =>
    (['GET', 'HEAD'] as const).flatMap((method) => [
      { type, by, method, accept: 'absent', headers: {} },
      ...Object.entries(ACCEPT).map(([title, accept]) => {
        return { type, by, method, accept: title, headers: { accept } };
      }),
    ]),
  ),
);

/**
 * Pushes a manifest of each type, and two manifest lists that have nothing for linux/amd64: `without-amd64` does not name such
 * an image, `with-missing-amd64` names one that is not there.
 */
export async function pushOneOfEachType(target: Repository): Promise<readonly TypedManifest[]> {
  const [first, second, third] = handmadeImages as [HandmadeImage, HandmadeImage, HandmadeImage];
  const docker = await pushImage(target, 'schema2', first);
  const other = await pushImage(target, 'other', second);
  const gone = await pushImage(target, 'gone', third);
  const oci = ociFormOf(docker);
  const list = listOf(DOCKER_LIST, [other, docker], ['arm64', 'amd64']);
  const withoutAmd64 = listOf(DOCKER_LIST, [other, docker], ['arm64', 's390x']);
  const withMissingAmd64 = listOf(DOCKER_LIST, [gone, other]);
  const index = listOf(IMAGE_INDEX, [oci]);
  await push(target, 'oci', oci);
  await push(target, 'list', list);
  await push(target, 'index', index);
  await push(target, 'without-amd64', withoutAmd64);
  await push(target, 'with-missing-amd64', withMissingAmd64);
  const path = manifestPath(target.repository, gone.digest);
  await ask(target.client, { method: 'DELETE', path }, [202]);
  return [
    { type: 'schema 2', tag: 'schema2', manifest: docker },
    { type: 'manifest list', tag: 'list', manifest: list },
    { type: 'OCI image', tag: 'oci', manifest: oci },
    { type: 'OCI index', tag: 'index', manifest: index },
  ];
}

interface Descriptor {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** An OCI image of the same config and layers. */
function ociFormOf({ payload }: Payload): Payload {
  const { config, layers } = JSON.parse(payload.toString()) as {
    readonly config: Descriptor;
    readonly layers: readonly Descriptor[];
  };
  const sampleOf = (descriptor: Descriptor) => ({ ...descriptor, seed: 0 });
  return ociImage(sampleOf(config), layers.map(sampleOf));
}
