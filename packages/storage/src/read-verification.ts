import type { Readable } from 'node:stream';
import { RegistryError, type Digest } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import type { DamageReporter } from './damage.ts';
import { blobDataPath } from './paths.ts';
import { putContentAside } from './put-content-aside.ts';
import { VerifiedContent } from './verified-content.ts';
import { VerifyingReader } from './verifying-reader.ts';

/** Some 10 MiB of digests. */
const MAXIMUM_REMEMBERED = 65_536;

export interface ReadVerificationParts {
  readonly driver: StorageDriver;
  readonly report: DamageReporter;
  /** While they are refused, what is damaged stays where it is. */
  readonly writes: { readonly areRefused: boolean } | undefined;
}

export interface ReadContent {
  readonly digest: Digest;
  /** Bytes in storage. */
  readonly size: number;
  readonly lend: boolean;
  /** Makes caches forget the content. */
  readonly forget: () => Promise<void>;
}

/**
 * Verifies what is read whole, until it was read once to its end by this process. What is damaged is told, and put aside
 * before the reader learns of it: the next finds nothing, and the next push heals it.
 */
export class ReadVerification {
  readonly #parts: ReadVerificationParts;
  readonly #verified = new VerifiedContent(MAXIMUM_REMEMBERED);
  readonly #puttingAside = new Map<Digest, Promise<unknown>>();

  constructor(parts: ReadVerificationParts) {
    this.#parts = parts;
  }

  isNeeded(digest: Digest): boolean {
    return !this.#verified.has(digest);
  }

  /** What is gone may come back as other bytes. */
  forget(digest: Digest): void {
    this.#verified.forget(digest);
  }

  verify(content: Readable, read: ReadContent): Readable {
    const { digest, size, lend } = read;
    return new VerifyingReader(content, {
      digest,
      size,
      lend,
      onSound: () => this.#verified.add(digest),
      onDamaged: () => this.#failureOf(read),
    });
  }

  async #failureOf({ digest, forget }: ReadContent): Promise<RegistryError> {
    const { report, writes } = this.#parts;
    report({ path: blobDataPath(digest), problem: 'content does not match its digest' });
    let cause: unknown;
    try {
      if (writes?.areRefused !== true) await this.#putAside(digest);
      await forget();
    } catch (error) {
      cause = error;
    }
    const message = 'the stored content does not match its digest';
    return new RegistryError('BLOB_UNKNOWN', { message, detail: { digest }, cause });
  }

  /** Once for all who met it at the same time. */
  #putAside(digest: Digest): Promise<unknown> {
    const running = this.#puttingAside.get(digest);
    if (running !== undefined) return running;
    const done = putContentAside(this.#parts.driver, digest).finally(() =>
      this.#puttingAside.delete(digest),
    );
    this.#puttingAside.set(digest, done);
    return done;
  }
}
