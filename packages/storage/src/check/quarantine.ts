import { algorithmOf, CANONICAL_ALGORITHM, type Digest, type OperationOptions } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { QUARANTINE } from '../paths.ts';
import { putContentAside } from '../put-content-aside.ts';
import { moveTree } from '../set-aside.ts';
import type { Finding, Problem, Repair } from './finding.ts';
import type { StoredContent } from './stored-content.ts';

const BROKEN_LINK: ReadonlySet<Problem> = new Set([
  'link is empty',
  'link is no digest',
  'link names other content',
  'link is a directory',
]);

/** Puts aside what is broken, so that it is absent, and the next push of the same content brings it back. */
export class Quarantine {
  readonly #driver: StorageDriver;
  readonly #content: StoredContent;
  readonly #startedAt: number;

  /** @param startedAt Milliseconds since 1970: what one repair puts aside is together. */
  constructor(driver: StorageDriver, content: StoredContent, startedAt: number) {
    this.#driver = driver;
    this.#content = content;
    this.#startedAt = startedAt;
  }

  /**
   * Repairs what was found, as far as storage can: a broken link whose name says what it held is written anew when that
   * content is here. A tag that says nothing stays: nobody else knows that there was one, and a collection would take
   * what it named.
   */
  async repair(finding: Finding, options: OperationOptions): Promise<Repair | undefined> {
    const { path, problem } = finding;
    if (problem === 'content does not match its digest') return this.#putContent(finding, options);
    if (problem === 'content is a directory') return this.#putAside(path, options);
    if (problem === 'linked content is missing') return this.#putAsideDangling(finding, options);
    if (problem === 'tag names no manifest') return this.#putAside(tagDirectory(path), options);
    if (!BROKEN_LINK.has(problem) || finding.digests.length === 0) return undefined;
    const restored = await this.#restorable(finding, options);
    const repair = await this.#putAside(path, options);
    if (repair === undefined || restored === undefined) return repair;
    await this.#driver.putContent(path, Buffer.from(restored), options);
    return { ...repair, isRestored: true };
  }

  /** It was read some time ago. */
  async #putContent(
    { digests: [digest] }: Finding,
    options: OperationOptions,
  ): Promise<Repair | undefined> {
    if (digest === undefined) return undefined;
    const quarantine = await putContentAside(this.#driver, digest, {
      ...options,
      at: this.#startedAt,
    });
    return quarantine === undefined ? undefined : { quarantine, isRestored: false };
  }

  /** A push that came just now may have brought the content, and relies on the link. */
  async #putAsideDangling(
    { path, digests: [target] }: Finding,
    options: OperationOptions,
  ): Promise<Repair | undefined> {
    const repair = await this.#putAside(path, options);
    if (repair === undefined || target === undefined) return repair;
    if ((await this.#content.state(target, options)) === undefined) return repair;
    await this.#driver.putContent(path, Buffer.from(target), options);
    return { ...repair, isRestored: true };
  }

  async #restorable(
    { digests: [digest], path }: Finding,
    options: OperationOptions,
  ): Promise<Digest | undefined> {
    if (digest === undefined || algorithmOf(digest) !== CANONICAL_ALGORITHM) return undefined;
    // Of what a tag has named it does not matter whether that is still here.
    if (path.includes('/_manifests/tags/')) return digest;
    const state = await this.#content.state(digest, options);
    return state !== undefined && state.problem === undefined ? digest : undefined;
  }

  async #putAside(path: string, options: OperationOptions): Promise<Repair | undefined> {
    const quarantine = `${QUARANTINE}/${this.#startedAt}${path}`;
    const info = await this.#driver.stat(path, options);
    if (info === undefined) return undefined;
    await moveTree(this.#driver, path, { target: quarantine, ...options });
    return { quarantine, isRestored: false };
  }
}

/** `…/tags/<tag>` for `…/tags/<tag>/current/link`: what is left of a tag would be listed still. */
function tagDirectory(path: string): string {
  return path.slice(0, -'/current/link'.length);
}
