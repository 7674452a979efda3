import { createHash } from 'node:crypto';
import { isDigest, isSupportedDigest, type Digest, type OperationOptions } from '@purser/core';
import { DriverError, type Entry, type StorageDriver } from '@purser/storage-driver';
import { EMPTY_DIGEST } from '../blob-store.ts';
import { DigestTable } from '../digest-table.ts';
import { NumberList } from '../number-list.ts';
import { BLOBS, blobDataPath } from '../paths.ts';
import { readAhead } from '../read-ahead.ts';
import type { ByteRate } from './byte-rate.ts';
import type { Finding, Problem } from './finding.ts';

export interface StoredContentOptions extends OperationOptions {
  /** Reads all bytes at this rate; `undefined` reads none. */
  readonly rate: ByteRate | undefined;
  /** Told of each blob that was found, with its size. */
  readonly onBlob: (size: number) => void;
  /** Told of bytes that were read. */
  readonly onBytes: (bytes: number) => void;
}

type ReadOptions = StoredContentOptions & { readonly rate: ByteRate };

/** The state of one blob. `undefined` as a problem: as far as is known it is whole. */
export interface ContentState {
  readonly size: number;
  readonly problem?: Problem | undefined;
}

/** What is known of the blobs of a store. */
export class StoredContent {
  readonly #driver: StorageDriver;
  readonly #digests = new DigestTable();
  /** Sizes by number, in two parts of 32 bits. */
  readonly #low = new NumberList();
  readonly #high = new NumberList();
  readonly #problems = new Map<number, Problem>();

  constructor(driver: StorageDriver) {
    this.#driver = driver;
  }

  /** What is broken. */
  *broken(): Iterable<readonly [Digest, Problem]> {
    for (const [number, problem] of this.#problems) yield [this.#digests.at(number), problem];
  }

  /** `undefined` when it is missing. What came after the walk is looked at now. */
  async state(digest: Digest, options?: OperationOptions): Promise<ContentState | undefined> {
    const known = this.#digests.find(digest);
    if (known !== undefined) return this.#stateAt(known);
    const info = await this.#driver.stat(blobDataPath(digest), options);
    if (info === undefined) return undefined;
    const state = info.isDirectory ? DIRECTORY : stateOf(digest, info.size);
    this.#remember(digest, state);
    return state;
  }

  note(digest: Digest, problem: Problem): void {
    this.#remember(digest, { size: 0, problem });
  }

  #remember(digest: Digest, { size, problem }: ContentState): void {
    const number = this.#digests.add(digest);
    this.#low.set(number, size % WORD);
    this.#high.set(number, Math.floor(size / WORD));
    if (problem !== undefined) this.#problems.set(number, problem);
  }

  #stateAt(number: number): ContentState {
    const size = this.#high.at(number) * WORD + this.#low.at(number);
    return { size, problem: this.#problems.get(number) };
  }

  /** Walks through all blobs, then reads them: so it is known how much there is to read. Gives what is no blob. */
  async *look(options: StoredContentOptions): AsyncIterable<Finding> {
    const { rate, onBlob, signal } = options;
    const read = async ({ path, isDirectory }: Entry) => {
      const digest = digestOfPath(path);
      const state = digest && (await this.state(digest, { signal }));
      return { path, isStray: digest === undefined && !isDirectory, digest, state };
    };
    for await (const { path, isStray, digest, state } of readAhead(
      this.#walk(options),
      READ_AHEAD,
      read,
    )) {
      if (digest !== undefined) onBlob(state?.size ?? 0);
      if (isStray) yield { path, problem: 'not part of a registry', ...NOTHING };
    }
    if (rate !== undefined) await this.#readAll({ ...options, rate });
  }

  async #readAll(options: ReadOptions): Promise<void> {
    for (const [number, digest] of this.#digests.entries()) {
      if (this.#problems.has(number)) continue;
      const problem = await this.#problemOf(digest, options);
      if (problem !== undefined) this.#problems.set(number, problem);
    }
  }

  async #problemOf(
    digest: Digest,
    { rate, onBytes, signal }: ReadOptions,
  ): Promise<Problem | undefined> {
    const [algorithm = '', encoded] = digest.split(':');
    const hash = createHash(algorithm);
    try {
      const path = blobDataPath(digest);
      const reader = await this.#driver.openReader(path, { signal, lend: true });
      for await (const chunk of reader) {
        const bytes = chunk as Uint8Array;
        hash.update(bytes);
        onBytes(bytes.byteLength);
        await rate.spend(bytes.byteLength, signal);
      }
    } catch (error) {
      // Collected meanwhile: nothing of it is left to be broken.
      if (DriverError.is(error, 'PATH_NOT_FOUND')) return undefined;
      signal?.throwIfAborted();
      if (error instanceof Error && DriverError.is(error.cause, 'BUSY')) throw error;
      // A disk may fail in one place. When there is no storage at all, this says so, and nothing is damaged.
      await this.#driver.stat(blobDataPath(digest), { signal });
      return 'content cannot be read';
    }
    return hash.digest('hex') === encoded ? undefined : 'content does not match its digest';
  }

  async *#walk({ signal }: OperationOptions) {
    try {
      // Whatever is in place of a file is one thing.
      const enter = (directory: string) => digestOfPath(directory) === undefined;
      yield* this.#driver.walk(BLOBS, { signal, enter });
    } catch (error) {
      if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
    }
  }
}

/** Blobs looked at ahead. */
const READ_AHEAD = 16;

const WORD = 2 ** 32;

const NOTHING = { digests: [], images: [] } as const;
const DIRECTORY: ContentState = { size: 0, problem: 'content is a directory' };

/** Of an empty file it is known without reading it. */
function stateOf(digest: Digest, size: number): ContentState {
  const isCutOff = size === 0 && digest !== EMPTY_DIGEST;
  return isCutOff ? { size, problem: 'content does not match its digest' } : { size };
}

function digestOfPath(path: string): Digest | undefined {
  const [algorithm, prefix, encoded = '', file, ...rest] = path.slice(BLOBS.length + 1).split('/');
  const digest = `${algorithm}:${encoded}`;
  if (file !== 'data' || rest.length > 0 || prefix !== encoded.slice(0, 2)) return undefined;
  return isDigest(digest) && isSupportedDigest(digest) ? digest : undefined;
}
