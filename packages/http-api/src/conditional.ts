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
 * Whether content may be put in the place of what is there now, as `If-Match` and `If-None-Match` say; `undefined` when
 * they say nothing.
 */
export function replacementCondition(
  headers: IncomingHttpHeaders,
): ((current: Digest | undefined) => boolean) | undefined {
  const { 'if-match': required, 'if-none-match': excluded } = headers;
  if (required === undefined && excluded === undefined) return undefined;
  return (current) =>
    (required === undefined || includes(required, current, 'strong')) &&
    (excluded === undefined || !includes(excluded, current, 'weak'));
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

/** The error for content that is not what a condition names. */
export function preconditionFailed(current: Digest | undefined): RegistryError {
  return new RegistryError('PRECONDITION_FAILED', { detail: { current: current ?? null } });
}
