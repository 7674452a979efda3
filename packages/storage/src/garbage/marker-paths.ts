import { encodedOf, type Digest } from '@purser/core';

/** What collectors and pushes tell each other, where distribution never looks. */
const GARBAGE = '/purser/garbage';

/** There while anything collects garbage in this store. */
export const ACTIVE = `${GARBAGE}/active`;

/** The leases, by number. */
export const LEASES = `${GARBAGE}/lease`;

/** What may have happened to content. */
export type Marker = 'condemned' | 'touched' | 'deleting' | 'trash';

export function markersPath(marker: Marker): string {
  return `${GARBAGE}/${marker}`;
}

/** @param digest The one under which the content is kept: a sha256. */
export function markerPath(marker: Marker, digest: Digest): string {
  const encoded = encodedOf(digest);
  return `${markersPath(marker)}/${encoded.slice(0, 2)}/${encoded}`;
}
