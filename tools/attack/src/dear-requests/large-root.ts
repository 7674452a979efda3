import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOf, inParallel, IMAGE_MANIFEST } from '@purser/registry-under-test';

export interface RootSizes {
  readonly repositories: number;
  /** Tags of one manifest in one repository. */
  readonly tags: number;
  /** Referrers of one manifest in one repository. */
  readonly referrers: number;
  /** Manifests with many references, to content that does not exist. Default 0. */
  readonly manifests?: number | undefined;
  /** References of each of them. */
  readonly references?: number | undefined;
}

/** The names in a large root. */
export interface LargeRoot {
  readonly repository: string;
  /** Has all tags. */
  readonly tagged: string;
  /** Have no tag. To delete one reads every tag. */
  readonly untagged: readonly string[];
  /** The subject of all referrers. */
  readonly subject: string;
  readonly blob: string;
}

const REPOSITORY = 'large/image';
const AT_A_TIME = 32;
const UNTAGGED = 24;
const CONFIG = 'application/vnd.oci.image.config.v1+json';

/** Writes the storage layout of distribution without a server, which would take minutes. */
export async function makeLargeRoot(root: string, sizes: RootSizes): Promise<LargeRoot> {
  const store = join(root, 'docker/registry/v2');
  const repositories = join(store, 'repositories');
  const home = join(repositories, REPOSITORY);
  const config = await putContent(store, '{}');
  await putFile(join(home, '_layers', linkOf(config)), config);
  const putManifest = async (document: object) => {
    const digest = await putContent(store, JSON.stringify({ ...imageOf(config), ...document }));
    await putFile(join(home, '_manifests/revisions', linkOf(digest)), digest);
    return digest;
  };
  const tagged = await putManifest({ annotations: { name: 'tagged' } });
  const untagged = await Promise.all(
    Array.from({ length: UNTAGGED }, (_, index) =>
      putManifest({ annotations: { name: `untagged ${index}` } }),
    ),
  );
  await inParallel(numbers(sizes.repositories), AT_A_TIME, async (number) => {
    const directory = join(repositories, `many/r${number}`, '_manifests/tags');
    await mkdir(directory, { recursive: true });
  });
  await inParallel(numbers(sizes.tags), AT_A_TIME, (number) =>
    putFile(join(home, `_manifests/tags/t${number}/current/link`), tagged),
  );
  const subject = { mediaType: IMAGE_MANIFEST, digest: tagged, size: 400 };
  await inParallel(numbers(sizes.referrers), AT_A_TIME, async (number) => {
    await putManifest({ subject, annotations: { number } });
  });
  const { manifests = 0, references = 0 } = sizes;
  for (const number of numbers(manifests)) {
    const layers = Array.from(numbers(references), (layer) => ({
      mediaType: 'application/octet-stream',
      digest: digestOf(Buffer.from(`${number} ${layer}`)),
      size: 1,
    }));
    await putManifest({ annotations: { number }, layers });
  }
  return { repository: REPOSITORY, tagged, untagged, subject: tagged, blob: config };
}

function imageOf(config: string) {
  const descriptor = { mediaType: CONFIG, digest: config, size: 2 };
  return { schemaVersion: 2, mediaType: IMAGE_MANIFEST, config: descriptor, layers: [] };
}

async function putContent(store: string, text: string): Promise<string> {
  const digest = digestOf(Buffer.from(text));
  const hex = digest.slice('sha256:'.length);
  await putFile(join(store, 'blobs/sha256', hex.slice(0, 2), hex, 'data'), text);
  return digest;
}

function linkOf(digest: string): string {
  return `${digest.replace(':', '/')}/link`;
}

async function putFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Of one length, so that their order is that of their numbers. */
function* numbers(count: number): Generator<string> {
  for (let number = 0; number < count; number++) yield String(number).padStart(6, '0');
}
