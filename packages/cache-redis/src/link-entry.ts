import type { Descriptor } from '@purser/core';
import { formatStored, parseStored, type StoredText } from './stored-descriptor.ts';

export type LinkKind = 'blobs' | 'manifests';

/**
 * What is remembered of a link, in one text: `blobs sha256:… 1234 application/octet-stream`.
 *
 * distribution keeps blobs and manifests under the same keys, so that one passes for the other. Ours says which it is;
 * a digest that is linked as both is remembered as what it was last asked for.
 *
 * @throws TypeError when the descriptor's size is no safe integer of 0 or more.
 */
export function formatLinkEntry(links: LinkKind, descriptor: Descriptor): string {
  const { digest, size, mediaType } = formatStored(descriptor);
  return `${links} ${digest} ${size} ${mediaType}`;
}

/** Reads an entry of the given links; `undefined` when it is one of others, or none at all. */
export function parseLinkEntry(links: LinkKind, text: StoredText): Descriptor | undefined {
  if (typeof text !== 'string' || text.length > LONGEST) return undefined;
  const [kind, digest, size, mediaType, ...rest] = text.split(' ');
  if (kind !== links || rest.length > 0) return undefined;
  return parseStored(digest, size, mediaType);
}

/** More than any digest, size and media type together: what is longer is not looked at. */
const LONGEST = 1024;
