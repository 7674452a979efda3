import { isDigest, isSupportedDigest, type Digest, type OperationOptions } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import type { DamageReporter } from './damage.ts';
import { DigestTable } from './digest-table.ts';
import { readLinkText } from './link-text.ts';
import { writeOver } from './set-aside.ts';

/** Reads and writes links: small files that hold a digest. */
export class Links {
  readonly #driver: StorageDriver;
  readonly #report: DamageReporter;

  constructor(driver: StorageDriver, report: DamageReporter) {
    this.#driver = driver;
    this.#report = report;
  }

  /** The digest in a link. A link that is missing, empty or broken is `undefined`; damage is reported. */
  async read(path: string, options?: OperationOptions): Promise<Digest | undefined> {
    const text = await readLinkText(this.#driver, path, options);
    if (text === undefined) return undefined;
    if (isDigest(text) && isSupportedDigest(text)) return text;
    this.#report({ path, problem: 'link is no digest' });
    return undefined;
  }

  async write(path: string, digest: Digest, options?: OperationOptions): Promise<void> {
    const content = Buffer.from(digest);
    await writeOver(this.#driver, path, () => this.#driver.putContent(path, content, options));
  }

  /** Removes a link, and says whether there was one. */
  async delete(path: string, options?: OperationOptions): Promise<boolean> {
    try {
      await this.#driver.delete(path, options);
      return true;
    } catch (error) {
      if (DriverError.is(error, 'PATH_NOT_FOUND')) return false;
      throw error;
    }
  }
}

/**
 * What is linked below a directory of links, one of `paths.ts` such as that of revisions.
 *
 * @throws DriverError `PATH_NOT_FOUND` when there is no such directory.
 */
export async function digestsLinkedBelow(
  driver: StorageDriver,
  directory: string,
  options?: OperationOptions,
): Promise<DigestTable> {
  const digests = new DigestTable();
  for await (const { path } of driver.walk(directory, options)) {
    const [algorithm, encoded, file] = path.slice(directory.length + 1).split('/');
    const digest = `${algorithm}:${encoded}`;
    if (file === 'link' && isDigest(digest)) digests.add(digest);
  }
  return digests;
}
