import { createHash } from 'node:crypto';
import { isDigest, isSupportedDigest, type Digest, type OperationOptions } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { EMPTY_DIGEST } from '../blob-store.ts';
import { BLOBS, blobDataPath } from '../paths.ts';
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
  readonly #states = new Map<Digest, ContentState>();

  constructor(driver: StorageDriver) {
    this.#driver = driver;
  }

  /** What is broken. */
  *broken(): Iterable<readonly [Digest, Problem]> {
    for (const [digest, { problem }] of this.#states) {
      if (problem !== undefined) yield [digest, problem];
    }
  }

  /** `undefined` when it is missing. What came after the walk is looked at now. */
  async state(digest: Digest, options?: OperationOptions): Promise<ContentState | undefined> {
    const known = this.#states.get(digest);
    if (known !== undefined) return known;
    const info = await this.#driver.stat(blobDataPath(digest), options);
    if (info === undefined) return undefined;
    const state = info.isDirectory ? DIRECTORY : stateOf(digest, info.size);
    this.#states.set(digest, state);
    return state;
  }

  note(digest: Digest, problem: Problem): void {
    this.#states.set(digest, { size: 0, problem });
  }

  /** Walks through all blobs, then reads them: so it is known how much there is to read. Gives what is no blob. */
  async *look(options: StoredContentOptions): AsyncIterable<Finding> {
    const { rate, onBlob, signal } = options;
    for await (const { path, isDirectory } of this.#walk(options)) {
      const digest = digestOfPath(path);
      if (digest !== undefined) onBlob((await this.state(digest, { signal }))?.size ?? 0);
      else if (!isDirectory) yield { path, problem: 'not part of a registry', ...NOTHING };
    }
    if (rate !== undefined) await this.#readAll({ ...options, rate });
  }

  async #readAll(options: ReadOptions): Promise<void> {
    for (const [digest, state] of this.#states) {
      const problem = state.problem ?? (await this.#problemOf(digest, options));
      if (problem !== undefined) this.#states.set(digest, { ...state, problem });
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
