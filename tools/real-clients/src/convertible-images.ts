import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { digestOf } from '@purser/registry-under-test';
import { pushBytes, type Repository } from './push-bytes.ts';
import { DOCKER_MANIFEST, push, type Payload } from './sample-content.ts';

/** A schema 2 image whose config was written by hand. */
export interface HandmadeImage {
  readonly name: string;
  readonly config: Buffer;
  readonly layers: readonly Buffer[];
}

/** Content of a layer, the same for the same number. */
function layer(number: number): Buffer {
  return gzipSync(`content of layer ${number}\n`);
}

const diffIdOf = (content: Buffer) =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
const rootfs = (layers: readonly Buffer[]) => ({ type: 'layers', diff_ids: layers.map(diffIdOf) });
const CREATED = '2020-01-02T03:04:05.678901234Z';

interface Parts {
  readonly layers: readonly Buffer[];
  /** Of the config, besides `rootfs` and `history`. */
  readonly members: object;
  readonly history: readonly object[];
}

function image(name: string, { layers, members, history }: Parts): HandmadeImage {
  const config = { ...members, history, rootfs: rootfs(layers) };
  return { name, layers, config: Buffer.from(JSON.stringify(config)) };
}

/** The same with a config whose text is given; `ROOTFS` in it stands for the layers. */
function written(name: string, layers: readonly Buffer[], text: string): HandmadeImage {
  const config = Buffer.from(text.replace('ROOTFS', JSON.stringify(rootfs(layers), null, 2)));
  return { name, layers, config };
}

const PLATFORM = { architecture: 'amd64', os: 'linux' };

export const handmadeImages: readonly HandmadeImage[] = [
  image('one layer', {
    layers: [layer(1)],
    members: { ...PLATFORM, created: CREATED },
    history: [{ created: CREATED, created_by: '/bin/sh -c #(nop) ADD file:1 in /' }],
  }),
  image('empty layers before, between and after', {
    layers: [layer(1), layer(2)],
    members: {
      ...PLATFORM,
      created: CREATED,
      config: { Env: ['PATH=/usr/bin:/bin'], Cmd: ['/bin/sh', '-c', 'echo'], Labels: null },
      container_config: { Hostname: 'f00', Cmd: ['/bin/sh'] },
      docker_version: '18.09.0',
    },
    history: [
      { created: CREATED, created_by: 'ENV A=1', empty_layer: true },
      { created: CREATED, created_by: 'ADD 1' },
      { created: CREATED, created_by: 'ENV B=2', empty_layer: true },
      { created: CREATED, created_by: 'ENV C=3', empty_layer: true },
      { created: CREATED, created_by: 'ADD 2', empty_layer: false },
      { created: CREATED, created_by: 'CMD ["x"]', empty_layer: true },
    ],
  }),
  image('history with and without command, comment and author', {
    layers: [layer(1), layer(2), layer(3), layer(4)],
    members: { ...PLATFORM, created: CREATED, author: 'the author of all' },
    history: [
      {},
      { created: CREATED, author: 'someone <someone@example.org>' },
      { created: CREATED, comment: 'a comment', created_by: '' },
      { created: CREATED, created_by: 'last', author: '', comment: '' },
    ],
  }),
  written(
    'text that needs escaping',
    [layer(1), layer(2)],
    String.raw`{"architecture":"amd64","os":"linux","author":"<a> & <b>","Ω":"Ω","a<b":"\u00e9\u003c<",
      "tab\tname":"\t\b\f\u0001\u007f é \/ \" \\ 😀 \ud83d\ude00","created":"2020-01-01T00:00:00Z",
      "separators":"${'\u2028\u2029'}","history":[
        {"created":"2020-01-01T00:00:00Z","created_by":"a<b && c>d '\"\\ \/ \t\b\f\u0001\u007f Ω 😀 ${'\u2028\u2029'}"},
        {"created":"2020-01-01T00:00:00Z","comment":"<&>","created_by":"x"}],"rootfs":ROOTFS}`,
  ),
  image('a variant, features and a version of the system', {
    layers: [layer(5)],
    members: {
      architecture: 'arm64',
      variant: 'v8',
      os: 'windows',
      'os.version': '10.0.17763.1040',
      'os.features': ['win32k'],
      created: CREATED,
    },
    history: [{ created: CREATED, created_by: 'apply' }],
  }),
  image('no architecture', {
    layers: [layer(6)],
    members: { os: 'linux', created: CREATED },
    history: [{ created: CREATED }],
  }),
  image('nothing created at any time', {
    layers: [layer(1), layer(2)],
    members: PLATFORM,
    history: [{ created_by: 'first' }, { created_by: 'second' }],
  }),
  image('times in other zones, and of other precision', {
    layers: [layer(1), layer(2), layer(3), layer(4)],
    members: { ...PLATFORM, created: '2020-01-02T03:04:05.100+02:00' },
    history: [
      { created: '2020-01-02T03:04:05.100+02:00' },
      { created: '1969-12-31T23:59:59.000000001-11:30' },
      { created: '2020-02-29T00:00:00.120000Z' },
      { created: '2020-01-02T03:04:05Z' },
    ],
  }),
  written(
    'numbers that no other program would write so',
    [layer(1)],
    `{ "architecture" : "amd64" , "os":"linux",
      "big": 123456789012345678901234567890, "small": 1e-400, "large": 1E+400, "zero": -0.0,
      "float": 1.50, "list": [ 1, 2.0, [ ], { } ], "Size": 18446744073709551615,
      "history": [ { "created_by": "numbers", "size": 1.0 } ], "rootfs": ROOTFS }`,
  ),
  written(
    'members that nobody knows, with blanks between',
    [layer(1), layer(2)],
    `{
      "zebra": null, "architecture": "amd64", "moby.buildkit.cache.v0": { "b": 1, "a": [ true, false ] },
      "": "no name", "id": "mine", "parent": "yours", "throwaway": "no", "layer_id": "x",
      "history": [ { "created_by": "one", "unknown": 1 }, { "unknown": {} } ],
      "rootfs": ROOTFS, "aardvark": "first" }`,
  ),
  image('many layers', {
    layers: Array.from({ length: 60 }, (_, number) => layer(number)),
    members: { ...PLATFORM, created: CREATED },
    history: Array.from({ length: 120 }, (_, step) => ({
      created: CREATED,
      created_by: `step ${step}`,
      ...(step % 2 === 1 && { empty_layer: true }),
    })),
  }),
  image('one layer several times', {
    layers: [layer(1), layer(2), layer(1), layer(1)],
    members: { ...PLATFORM, created: CREATED },
    history: ['a', 'b', 'c', 'd'].map((created_by) => ({ created: CREATED, created_by })),
  }),
  image('no layer at all', {
    layers: [],
    members: { ...PLATFORM, created: CREATED },
    history: [
      { created: CREATED, created_by: 'LABEL a=b', empty_layer: true },
      { created: CREATED, created_by: 'LABEL c=d', empty_layer: true },
    ],
  }),
  written(
    'a base layer',
    [layer(1), layer(2)],
    `{"architecture":"amd64","os":"windows","history":[{"created_by":"first"},{"created_by":"second"}],
      "rootfs":{"type":"layers+base","base_layer":"6.1 microsoft/windowsservercore",
      "diff_ids":["${diffIdOf(layer(1))}","${diffIdOf(layer(2))}"]}}`,
  ),
];

/** Images of which no schema 1 manifest can be made. */
export const inconvertibleImages: readonly HandmadeImage[] = [
  image('no history', { layers: [layer(1)], members: PLATFORM, history: [] }),
  written('no member history', [layer(1)], `{"architecture":"amd64","rootfs":ROOTFS}`),
  image('more layers in its history than there are', {
    layers: [layer(1)],
    members: PLATFORM,
    history: [{ created_by: 'one' }, { created_by: 'two' }],
  }),
  {
    name: 'more layers than in rootfs',
    layers: [layer(1), layer(2)],
    config: image('', { layers: [layer(1)], members: PLATFORM, history: [{}] }).config,
  },
  { name: 'a config that is no JSON', layers: [layer(1)], config: Buffer.from('config') },
  { name: 'a config that is a list', layers: [layer(1)], config: Buffer.from('[]') },
];

/** Another, at which distribution 2.8 panics. */
export const imageWithoutRootfs: HandmadeImage = {
  name: 'no rootfs',
  layers: [layer(1)],
  config: Buffer.from('{"architecture":"amd64","history":[{"created_by":"one"}]}'),
};

/** The schema 2 manifest of an image. */
export function manifestOf({ config, layers }: HandmadeImage): Payload {
  const describe = (type: string, content: Buffer) => ({
    mediaType: `application/vnd.docker.${type}`,
    size: content.byteLength,
    digest: digestOf(content),
  });
  const document = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: describe('container.image.v1+json', config),
    layers: layers.map((content) => describe('image.rootfs.diff.tar.gzip', content)),
  };
  const payload = Buffer.from(JSON.stringify(document));
  return { mediaType: DOCKER_MANIFEST, payload, digest: digestOf(payload) };
}

/** Pushes an image with its config and its layers under a tag. */
export async function pushImage(
  target: Repository,
  tag: string,
  handmade: HandmadeImage,
): Promise<Payload> {
  const manifest = manifestOf(handmade);
  const blobs = [handmade.config, ...handmade.layers];
  await Promise.all(blobs.map((content) => pushBytes(target, content)));
  await push(target, tag, manifest);
  return manifest;
}
