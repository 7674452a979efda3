import {
  ask,
  blobPath,
  ConnectionLost,
  ContentSource,
  digestOf,
  manifestPath,
  pushStreamed,
  pushWhole,
  type RegistryClient,
  type RegistryRequest,
} from '@purser/registry-under-test';
import { pushBytes } from './push-bytes.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  dockerImage,
  IMAGE_INDEX,
  listOf,
  mount,
  ociImage,
  push,
  type Payload,
} from './sample-content.ts';
import { generateSigningKey, SCHEMA1, schema1Document, signDocument } from './signed-manifest.ts';

/** The registry that something is done to. */
export interface Subject {
  readonly client: RegistryClient;
  /** With its port. */
  readonly host: string;
}

/** Something that is done to a registry. */
export interface Action {
  readonly name: string;
  /** The actions of the events that it gives rise to, in order; for a client that decides on requests itself, which there are. */
  readonly tells: readonly string[];
  readonly act: (subject: Subject) => Promise<unknown>;
}

const source = new ContentSource(8);
const layer = source.sample({ seed: 1, size: 70_000 });
const other = source.sample({ seed: 2, size: 10 });
const absent = source.sample({ seed: 3, size: 10 }).digest;
const configText = Buffer.from(
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    history: [{ created: '2020-01-01T00:00:00Z', empty_layer: true }, { created_by: 'add' }],
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  }),
);
const config = { digest: digestOf(configText), seed: 0, size: configText.byteLength };

const image = dockerImage(config, [layer]);
const otherImage = dockerImage(config, [layer, other]);
const list = listOf(DOCKER_LIST, [image, otherImage]);
const ociImages = [ociImage(config, [layer]), ociImage(config, [layer, other])];
const index = listOf(IMAGE_INDEX, ociImages);

/** The platforms that the list and the index name, by the digests of the images. */
export const listedPlatforms: ReadonlyMap<string, object> = new Map(
  [image, otherImage, ...ociImages].map(({ digest }, position) => [
    digest,
    { architecture: position % 2 === 0 ? 'amd64' : 'arm64', os: 'linux' },
  ]),
);

const withoutItsLayer = dockerImage(config, [source.sample({ seed: 4, size: 4 })]);

const repository = 'team/app';
const oldDocument = schema1Document({
  repository,
  tag: 'old',
  layers: [other.digest, layer.digest, layer.digest],
});
const oldImage: Payload = {
  mediaType: SCHEMA1,
  digest: digestOf(Buffer.from(oldDocument)),
  payload: signDocument(oldDocument, [generateSigningKey()]),
};

const manifest = (reference: string) => manifestPath(repository, reference);
const blob = (digest: string) => blobPath(repository, digest);

/** One request and what comes of it: the status of the answer, and the actions of the events. */
function send(
  name: string,
  [status, ...tells]: readonly [status: number, ...tells: string[]],
  request: RegistryRequest,
): Action {
  return { name, tells, act: ({ client }) => ask(client, request, [status]) };
}

/** A GET, or another method, of a manifest by a client that takes one media type. */
function take(accept: string, reference: string, method = 'GET'): RegistryRequest {
  return { method, path: manifest(reference), headers: { accept, 'user-agent': 'client/1.0' } };
}

function pushOf(name: string, reference: string, payload: Payload): Action {
  const act = ({ client }: Subject) => push({ client, repository }, reference, payload);
  return { name, tells: ['push'], act };
}

const pushes: readonly Action[] = [
  {
    name: 'push a blob whole',
    tells: ['push'],
    act: ({ client }) => pushBytes({ client, repository }, configText),
  },
  {
    name: 'push a blob in parts',
    tells: ['push'],
    act: ({ client }) => pushStreamed({ client, repository, source }, layer),
  },
  {
    name: 'push a blob that is there already',
    tells: ['push'],
    act: ({ client }) => pushWhole({ client, repository, source }, layer),
  },
  {
    name: 'push another blob',
    tells: ['push'],
    act: ({ client }) => pushWhole({ client, repository, source }, other),
  },
  pushOf('push by tag', '1.0', image),
  pushOf('push the same again', '1.0', image),
  pushOf('push by digest', otherImage.digest, otherImage),
  pushOf('move a tag', 'moved', image),
  pushOf('move it back', 'moved', otherImage),
  pushOf('push a manifest list', 'list', list),
  ...ociImages.map((one, position) =>
    pushOf(`push member ${position} of an index`, one.digest, one),
  ),
  pushOf('push an index', 'index', index),
  pushOf('push in schema 1', 'old', oldImage),
  send('push a manifest without its layer', [400], {
    method: 'PUT',
    path: manifest('broken'),
    headers: { 'content-type': DOCKER_MANIFEST },
    body: withoutItsLayer.payload,
  }),
  {
    name: 'mount',
    tells: ['mount'],
    act: ({ client }) => mount({ client, repository: 'other/app' }, layer, repository),
  },
  send('mount what is not there', [202], {
    method: 'POST',
    path: `/v2/other/app/blobs/uploads/?mount=${absent}&from=${repository}`,
  }),
];

const manifestPulls: readonly Action[] = [
  send('pull by tag', [200, 'pull'], take(DOCKER_MANIFEST, '1.0')),
  send('pull by digest', [200, 'pull'], take(DOCKER_MANIFEST, image.digest)),
  send('HEAD of a tag', [200, 'pull'], take(DOCKER_MANIFEST, '1.0', 'HEAD')),
  send('HEAD of a digest', [200, 'pull'], take(DOCKER_MANIFEST, image.digest, 'HEAD')),
  send('ask whether a tag has changed', [304], {
    method: 'GET',
    path: manifest('1.0'),
    headers: { accept: DOCKER_MANIFEST, 'if-none-match': `"${image.digest}"` },
  }),
  send('pull an unknown tag', [404], take(DOCKER_MANIFEST, 'none')),
  send('pull an unknown manifest', [404], take(DOCKER_MANIFEST, absent)),
  send('pull a manifest list', [200, 'pull'], take(DOCKER_LIST, 'list')),
  send('pull one image of a manifest list', [200, 'pull', 'pull'], take(DOCKER_MANIFEST, 'list')),
  send('pull an index', [200, 'pull'], take(IMAGE_INDEX, 'index')),
  send('pull what was pushed in schema 1', [200, 'pull'], take(SCHEMA1, 'old')),
  send('pull it by digest', [200, 'pull'], take(SCHEMA1, oldImage.digest)),
  // Of the manifest, of the config that it is made from, and a push of the empty layer.
  send('pull in schema 1', [200, 'pull', 'pull', 'push'], take(SCHEMA1, '1.0')),
  send('pull in schema 1 again', [200, 'pull', 'pull'], take(SCHEMA1, '1.0')),
];

const blobPulls: readonly Action[] = [
  send('pull a blob', [200, 'pull'], { method: 'GET', path: blob(layer.digest) }),
  send('HEAD of a blob', [200, 'pull'], { method: 'HEAD', path: blob(layer.digest) }),
  send('pull a part of a blob', [206, 'pull'], {
    method: 'GET',
    path: blob(layer.digest),
    headers: { range: 'bytes=5-9' },
  }),
  {
    name: 'pull what lies behind the end of a blob',
    tells: ['pull'],
    // Distribution announces the length of the blob in its 416, and then ends the connection.
    act: ({ client }) =>
      client
        .request({ method: 'GET', path: blob(layer.digest), headers: { range: 'bytes=70000-' } })
        .catch((error: unknown) => {
          if (!(error instanceof ConnectionLost)) throw error;
        }),
  },
  send('ask whether a blob has changed', [304, 'pull'], {
    method: 'GET',
    path: blob(layer.digest),
    headers: { 'if-none-match': `"${layer.digest}"` },
  }),
  send('pull an unknown blob', [404], { method: 'GET', path: blob(absent) }),
  send('pull by an agent whose name needs escaping', [200, 'pull'], {
    method: 'GET',
    path: blob(other.digest),
    headers: { 'user-agent': 'docker/27.0 <linux & more>' },
  }),
  send('pull through a proxy', [200, 'pull'], {
    method: 'GET',
    path: blob(other.digest),
    headers: { 'x-forwarded-for': '192.0.2.7, 192.0.2.8' },
  }),
  send('pull as someone', [200, 'pull'], {
    method: 'GET',
    path: blob(other.digest),
    headers: { authorization: `Basic ${Buffer.from('someone:secret').toString('base64')}` },
  }),
  send('list tags', [200], { method: 'GET', path: `/v2/${repository}/tags/list` }),
];

const deletions: readonly Action[] = [
  send('delete a blob', [202, 'delete'], { method: 'DELETE', path: blob(other.digest) }),
  send('delete an unknown blob', [404], { method: 'DELETE', path: blob(absent) }),
  // Of the manifest and of its tag.
  send('delete a manifest', [202, 'delete', 'delete'], {
    method: 'DELETE',
    path: manifest(index.digest),
  }),
  send('delete an unknown manifest', [404], { method: 'DELETE', path: manifest(absent) }),
];

/** What plain requests can do, in an order in which all of it can be done to an empty registry. */
export const plainActions: readonly Action[] = [
  ...pushes,
  ...manifestPulls,
  ...blobPulls,
  ...deletions,
];

/** What only later registries than distribution 2.8 can do, after everything else. */
export const tagActions: readonly Action[] = [
  pushOf('push the index again', 'index', index),
  send('delete a tag', [202, 'delete'], { method: 'DELETE', path: manifest('index') }),
];
