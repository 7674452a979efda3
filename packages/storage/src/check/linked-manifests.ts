import { digestOf, type Digest } from '@purser/core';
import { DigestTable } from '../digest-table.ts';
import { readAhead } from '../read-ahead.ts';
import { Turns } from '../turns.ts';
import { manifestBytes, type RepositoryReader } from './read-repository.ts';

/** Links by their name, about 40 bytes each. */
export class LinkTable {
  readonly #names = new DigestTable();
  /** What links lead to that are named otherwise. */
  readonly #targets = new Map<number, Digest>();

  add(name: Digest, target: Digest): void {
    const number = this.#names.add(name);
    if (name !== target) this.#targets.set(number, target);
  }

  get(name: Digest): Digest | undefined {
    const number = this.#names.find(name);
    return number === undefined ? undefined : (this.#targets.get(number) ?? name);
  }

  has(name: Digest): boolean {
    return this.#names.find(name) !== undefined;
  }

  names(): Iterable<Digest> {
    return this.#names;
  }
}

export interface LinkedManifest {
  /** The name of the link. */
  readonly name: Digest;
  readonly target: Digest;
  readonly content: Uint8Array;
  /** Whether the content is that of the target. */
  readonly isSound: boolean;
}

/** Manifests read ahead; each has at most a few MiB. */
const READ_AHEAD = 4;

/** Decoding this many bytes takes a millisecond or more. */
const LARGE_MANIFEST = 64 * 1024;

/** Reads the manifests that some links lead to, one after another; missing ones are left out. */
export async function* readLinkedManifests(
  links: LinkTable,
  { driver, signal }: RepositoryReader,
): AsyncIterable<LinkedManifest> {
  const turns = new Turns();
  const read = async (name: Digest) => {
    const target = links.get(name)!;
    return { name, target, content: await manifestBytes(driver, target, { signal }) };
  };
  for await (const { name, target, content } of readAhead(links.names(), READ_AHEAD, read)) {
    if (content === undefined) continue;
    yield { name, target, content, isSound: digestOf(content) === target };
    if (content.byteLength > LARGE_MANIFEST) await turns.pass();
  }
}
