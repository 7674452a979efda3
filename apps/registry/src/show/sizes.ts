import type { Digest } from '@purser/core';
import prettyBytes from 'pretty-bytes';

/** `12.3 MB` */
export function formatSize(bytes: number): string {
  return prettyBytes(bytes);
}

/** `sha256:0123456789ab`: enough for people to tell one from another. */
export function shortDigest(digest: Digest): string {
  const colon = digest.indexOf(':');
  return digest.slice(0, colon + 13);
}

/** `1 blob`, `2 blobs` */
export function formatCount(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
