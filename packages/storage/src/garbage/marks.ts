import type { Digest } from '@purser/core';
import { DigestTable } from '../digest-table.ts';
import { NumberList } from '../number-list.ts';
import { blobDataPath } from '../paths.ts';
import { Edges } from '../edges.ts';
import { UnneededLinks, type UnneededLink } from './unneeded-links.ts';

/** What nothing needs of one digest. */
export interface Garbage {
  /** Path of the bytes, if nothing needs them anywhere; `undefined` when only links go. */
  readonly data?: string | undefined;
  readonly links: readonly UnneededLink[];
}

/** What can be deleted, by numbers. */
export interface GarbageSet {
  readonly size: number;
  numbers(): Iterable<number>;
  /** Numbers that stay when this one does; not all of them are garbage. */
  dependentsOf(number: number): Iterable<number>;
  digestOf(number: number): Digest;
  get(number: number): Garbage;
}

/**
 * The marks of one look through everything: some 50 bytes for each digest that is stored or linked, nothing for what
 * manifests refer to and does not exist.
 *
 * Only a candidate can be garbage. Candidates of a repository are listed before its manifests are read, so that content
 * that comes later, whose manifest may be missed, is none.
 */
export class Marks implements GarbageSet {
  readonly digests: DigestTable;
  /** Edges from garbage to what it keeps. */
  readonly dependents = new Edges();
  readonly unneeded: UnneededLinks;
  /** Only numbers below this are candidates. */
  readonly #limit: number;
  /** The last repository, from 1, that needs a digest. */
  readonly #neededBy = new NumberList();
  readonly #bytes = new NumberList();
  #needed = 0;
  #repository = 0;

  /** @param only Candidates, all of them; the table becomes part of the marks. Anything stored is one by default. */
  constructor(only?: DigestTable) {
    this.digests = only ?? new DigestTable();
    this.#limit = only?.size ?? Infinity;
    this.unneeded = new UnneededLinks(this.digests);
  }

  /** Number of digests that anything needs. */
  get needed(): number {
    return this.#needed;
  }

  get size(): number {
    let size = 0;
    for (const _ of this.numbers()) size++;
    return size;
  }

  beginRepository(): void {
    this.#repository++;
  }

  /** The number of something stored, if it can be garbage. */
  candidate(digest: Digest): number | undefined {
    if (this.#limit === Infinity) return this.digests.add(digest);
    const number = this.digests.find(digest);
    return number !== undefined && number < this.#limit ? number : undefined;
  }

  isCandidate(number: number): boolean {
    return number < this.#limit;
  }

  addBytes(digest: Digest): void {
    const number = this.candidate(digest);
    if (number !== undefined) this.#bytes.set(number, 1);
  }

  /** Marks a digest as needed by the current repository. Returns whether it was not before. */
  need(number: number): boolean {
    const last = this.#neededBy.at(number);
    if (last === this.#repository) return false;
    if (last === 0) this.#needed++;
    this.#neededBy.set(number, this.#repository);
    return true;
  }

  isNeededHere(number: number): boolean {
    return this.#neededBy.at(number) === this.#repository;
  }

  /** Whether a link to this can go from the current repository. */
  isUnneededHere(number: number): boolean {
    return this.isCandidate(number) && !this.isNeededHere(number);
  }

  *numbers(): Generator<number, undefined> {
    const end = Math.min(this.#limit, this.digests.size);
    for (let number = 0; number < end; number++) {
      if (this.unneeded.has(number) || this.#hasUnneededBytes(number)) yield number;
    }
  }

  dependentsOf(number: number): Iterable<number> {
    return this.dependents.of(number);
  }

  digestOf(number: number): Digest {
    return this.digests.at(number);
  }

  get(number: number): Garbage {
    const data = this.#hasUnneededBytes(number) ? blobDataPath(this.digestOf(number)) : undefined;
    return { data, links: this.unneeded.of(number) };
  }

  #hasUnneededBytes(number: number): boolean {
    return this.#bytes.at(number) === 1 && this.#neededBy.at(number) === 0;
  }
}
