import { isDigest, isSupportedDigest, isTag, type Digest, type Tag } from '@purser/core';

/** What stands at a path of a repository, by the path alone. */
export type Place =
  | { readonly kind: 'layer' | 'revision'; readonly digest: Digest }
  | { readonly kind: 'signature'; readonly digest: Digest; readonly revision: Digest }
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'history'; readonly tag: Tag; readonly digest: Digest }
  /** Of an upload, or of the list of referrers: no business of a check. */
  | { readonly kind: 'other' };

/** The place of a link below `repositories/<name>/`; `undefined` for what belongs to no registry. */
export function placeOf(path: string): Place | undefined {
  const [root = '', ...rest] = path.split('/');
  switch (root) {
    case '_layers':
      return linkPlace(rest, 'layer');
    case '_manifests':
      return manifestPlace(rest);
    case '_uploads':
    case '_referrers':
      return { kind: 'other' };
    default:
      return undefined;
  }
}

function manifestPlace([root, ...rest]: readonly string[]): Place | undefined {
  if (root === 'tags') return tagPlace(rest);
  if (root !== 'revisions') return undefined;
  if (rest[2] !== 'signatures') return linkPlace(rest, 'revision');
  const revision = digestOfParts(rest);
  const digest = digestOfParts(rest.slice(3));
  const isLink = rest.length === 6 && rest[5] === 'link';
  return isLink && revision && digest ? { kind: 'signature', revision, digest } : undefined;
}

function tagPlace([tag = '', part, ...rest]: readonly string[]): Place | undefined {
  if (!isTag(tag)) return undefined;
  if (part === 'current') return rest.join('/') === 'link' ? { kind: 'tag', tag } : undefined;
  const digest = digestOfParts(rest);
  const isLink = part === 'index' && rest.length === 3 && rest[2] === 'link';
  return isLink && digest ? { kind: 'history', tag, digest } : undefined;
}

function linkPlace(parts: readonly string[], kind: 'layer' | 'revision'): Place | undefined {
  const digest = digestOfParts(parts);
  return parts.length === 3 && parts[2] === 'link' && digest ? { kind, digest } : undefined;
}

function digestOfParts([algorithm, encoded]: readonly string[]): Digest | undefined {
  const digest = `${algorithm}:${encoded}`;
  return isDigest(digest) && isSupportedDigest(digest) ? digest : undefined;
}
