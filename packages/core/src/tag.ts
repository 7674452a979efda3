import type { Digest } from './digest.ts';
import { RegistryError } from './errors.ts';
import type { ListOptions, OperationOptions } from './options.ts';

/** A movable name of a manifest in a repository: `latest`. Always valid. */
export type Tag = string & { readonly '@purser/tag': true };

const GRAMMAR = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Reads a tag: 1–128 letters, digits, `_`, `.` and `-`, the first of them a letter, digit or `_`.
 *
 * @throws RegistryError `MANIFEST_INVALID`: the OCI table has no code for tags alone.
 * @see OCI distribution-spec, "Pulling manifests".
 */
export function parseTag(text: string): Tag {
  if (isTag(text)) return text;
  throw new RegistryError('MANIFEST_INVALID', {
    message: 'malformed tag: expected 1 to 128 letters, digits, underscores, dots or dashes',
    detail: { tag: text.slice(0, 128) },
  });
}

export function isTag(text: string): text is Tag {
  return GRAMMAR.test(text);
}

export interface TagOptions extends OperationOptions {
  /**
   * Whether the tag may be moved from what it names now, `undefined` when there is no such tag. No other call of this
   * process moves the tag in between. What it throws is thrown by the call, and the tag stays. It always may, when absent.
   */
  readonly allow?: ((current: Digest | undefined) => boolean) | undefined;
}

/** The tags of one repository. */
export interface TagService {
  /** The digest a tag names now; `undefined` when there is no such tag. It may name a manifest that is gone. */
  get(tag: Tag, options?: OperationOptions): Promise<Digest | undefined>;

  /**
   * Makes a tag name a manifest, moving it from another. The last of several concurrent calls stays.
   *
   * @throws RegistryError `PRECONDITION_FAILED` when `options.allow` refuses what the tag names now; the tag stays.
   */
  tag(tag: Tag, digest: Digest, options?: TagOptions): Promise<void>;

  /**
   * Removes a tag; its manifest stays.
   *
   * @throws RegistryError `MANIFEST_UNKNOWN` when there is no such tag; `UNSUPPORTED` when deletion is switched off.
   * @see OCI distribution-spec, end-9.
   */
  untag(tag: Tag, options?: OperationOptions): Promise<void>;

  /**
   * Lists tags in byte order.
   *
   * @throws RegistryError `NAME_UNKNOWN` when the repository does not exist: nothing was ever uploaded or pushed to it.
   * @see OCI distribution-spec, end-8.
   */
  list(options?: ListOptions): AsyncIterable<Tag>;

  /** The tags that name a manifest now, in byte order; none for an unknown repository. */
  lookup(digest: Digest, options?: OperationOptions): AsyncIterable<Tag>;
}
