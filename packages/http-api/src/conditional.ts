import type { IncomingHttpHeaders } from 'node:http';
import { RegistryError, type Digest } from '@purser/core';

/** The entity tag of content: its digest names it for ever. */
export function etagOf(digest: Digest): string {
  return `"${digest}"`;
}

/**
 * Whether the client already has what it asks for.
 *
 * @throws RegistryError `PRECONDITION_FAILED` when `If-Match` names other content.
 * @see RFC 9110, section 13.2.2. Like distribution, a digest without quotes is read as well.
 */
export function isNotModified(headers: IncomingHttpHeaders, digest: Digest): boolean {
  checkIfMatch(headers, digest);
  const names = headers['if-none-match'];
  return names !== undefined && includes(names, digest, 'weak');
}

/**
 * Checks whether content may be put in the place of what is there now.
 *
 * @param current `undefined` when nothing is there.
 * @throws RegistryError `PRECONDITION_FAILED` when `If-Match` or `If-None-Match` says otherwise.
 */
export function checkReplaceable(headers: IncomingHttpHeaders, current: Digest | undefined): void {
  checkIfMatch(headers, current);
  const names = headers['if-none-match'];
  if (names !== undefined && includes(names, current, 'weak')) throw preconditionFailed(current);
}

/** Whether a request sets a condition for replacing something. */
export function hasCondition(headers: IncomingHttpHeaders): boolean {
  return headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
}

function checkIfMatch(headers: IncomingHttpHeaders, current: Digest | undefined): void {
  const names = headers['if-match'];
  if (names !== undefined && !includes(names, current, 'strong')) throw preconditionFailed(current);
}

function includes(
  names: string,
  current: Digest | undefined,
  comparison: 'weak' | 'strong',
): boolean {
  if (current === undefined) return false;
  return names.split(',').some((entry) => {
    const name = entry.trim();
    const opaque = comparison === 'weak' && name.startsWith('W/') ? name.slice(2) : name;
    return opaque === '*' || opaque === current || opaque === etagOf(current);
  });
}

function preconditionFailed(current: Digest | undefined): RegistryError {
  return new RegistryError('PRECONDITION_FAILED', { detail: { current: current ?? null } });
}
