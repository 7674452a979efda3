import { DriverError, type StorageDriver } from '@purser/storage-driver';

const ROOT = '/docker/registry/v2';

/** What lies in a store, and whether something needs it. */
export interface StoreState {
  readonly blobs: number;
  /** Of blobs and manifests. */
  readonly links: number;
  readonly tags: number;
  /** Paths that no tag leads to. */
  readonly unreachable: readonly string[];
  /** Digests that a tag leads to and that are not there, with the repository. */
  readonly missing: readonly string[];
}

/** The links of one repository: names of digests. */
interface RepositoryLinks {
  readonly layers: Set<string>;
  readonly revisions: Set<string>;
  /** What tags name. */
  readonly tagged: Set<string>;
}

interface Document {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
  readonly subject?: { readonly digest: string };
}

/**
 * Reads a whole store and follows its tags, by the layout alone: nothing of what collects garbage is used, so that its
 * errors are not repeated here. Knows sha256 and OCI manifests, which is what the clients push.
 */
export async function readStore(driver: StorageDriver): Promise<StoreState> {
  const blobs = new Set<string>();
  const repositories = new Map<string, RepositoryLinks>();
  for await (const path of filesOf(driver)) await note(driver, path, { blobs, repositories });

  const unreachable: string[] = [];
  const missing: string[] = [];
  const neededAnywhere = new Set<string>();
  for (const [name, links] of repositories) {
    const { manifests, layers } = await follow(driver, links);
    for (const digest of [...manifests, ...layers]) {
      neededAnywhere.add(digest);
      if (!blobs.has(digest)) missing.push(`${name} ${digest}`);
    }
    unreachable.push(...beyond(links.revisions, manifests, `${name} manifest`));
    unreachable.push(...beyond(links.layers, layers, `${name} blob`));
    missing.push(...beyond(manifests, links.revisions, `link of ${name}`));
    missing.push(...beyond(layers, links.layers, `link of ${name}`));
  }
  unreachable.push(...beyond(blobs, neededAnywhere, 'content'));
  const all = [...repositories.values()];
  return {
    blobs: blobs.size,
    links: sum(all.map(({ layers, revisions }) => layers.size + revisions.size)),
    tags: sum(all.map(({ tagged }) => tagged.size)),
    unreachable,
    missing,
  };
}

async function* filesOf(driver: StorageDriver): AsyncIterable<string> {
  try {
    for await (const { path, isDirectory } of driver.walk(ROOT)) if (!isDirectory) yield path;
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
  }
}

interface Found {
  readonly blobs: Set<string>;
  readonly repositories: Map<string, RepositoryLinks>;
}

async function note(driver: StorageDriver, path: string, found: Found): Promise<void> {
  const blob = /\/blobs\/sha256\/..\/([0-9a-f]{64})\/data$/.exec(path);
  if (blob !== null) found.blobs.add(`sha256:${blob[1]}`);
  const link =
    /\/repositories\/(.+)\/(_layers|_manifests\/revisions)\/sha256\/([0-9a-f]{64})\/link$/.exec(
      path,
    );
  if (link !== null) {
    const links = linksOf(found, link[1]);
    (link[2] === '_layers' ? links.layers : links.revisions).add(`sha256:${link[3]}`);
  }
  const tag = /\/repositories\/(.+)\/_manifests\/tags\/[^/]+\/current\/link$/.exec(path);
  if (tag !== null) linksOf(found, tag[1]).tagged.add(textOf(await driver.getContent(path)));
}

function linksOf({ repositories }: Found, name = ''): RepositoryLinks {
  const links = repositories.get(name) ?? {
    layers: new Set(),
    revisions: new Set(),
    tagged: new Set(),
  };
  repositories.set(name, links);
  return links;
}

/** All that the tags of a repository lead to: members of indexes, and what refers to a subject that is reached. */
async function follow(driver: StorageDriver, { revisions, tagged }: RepositoryLinks) {
  const documents = new Map<string, Document>();
  for (const digest of new Set([...revisions, ...tagged])) {
    const document = await readDocument(driver, digest);
    if (document !== undefined) documents.set(digest, document);
  }
  const manifests = new Set<string>();
  const layers = new Set<string>();
  const queue = [...tagged];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (manifests.has(digest)) continue;
    manifests.add(digest);
    const { config, layers: own = [], manifests: members = [] } = documents.get(digest) ?? {};
    for (const blob of [...own, ...(config === undefined ? [] : [config])]) layers.add(blob.digest);
    queue.push(...members.map((member) => member.digest));
    const referrers = [...documents].filter(([, { subject }]) => subject?.digest === digest);
    queue.push(...referrers.map(([referrer]) => referrer));
  }
  return { manifests, layers };
}

async function readDocument(driver: StorageDriver, digest: string): Promise<Document | undefined> {
  const encoded = digest.slice('sha256:'.length);
  try {
    const path = `${ROOT}/blobs/sha256/${encoded.slice(0, 2)}/${encoded}/data`;
    return JSON.parse(textOf(await driver.getContent(path))) as Document;
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND')) return undefined;
    throw error;
  }
}

function beyond(there: ReadonlySet<string>, needed: ReadonlySet<string>, what: string) {
  return [...there].filter((digest) => !needed.has(digest)).map((digest) => `${what} ${digest}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString();
}
