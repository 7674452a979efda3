import { RegistryError } from '@purser/core';

/** The two parts of what a request asks for, still encoded. */
export interface RequestTarget {
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
}

const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i;

/**
 * Splits a request target in origin-form or absolute-form; the authority of the latter says nothing new, and a
 * fragment does not belong there.
 *
 * Parsers of whole URLs throw on hostile hosts and turn backslashes into slashes.
 *
 * @see RFC 9112, section 3.2.
 */
export function splitTarget(target: string): RequestTarget {
  const local = target.startsWith('/') ? target : target.replace(ABSOLUTE_FORM, '');
  const fragment = local.indexOf('#');
  const whole = fragment < 0 ? local : local.slice(0, fragment);
  const question = whole.indexOf('?');
  return question < 0
    ? { path: whole, query: '' }
    : { path: whole.slice(0, question), query: whole.slice(question + 1) };
}

/** Replaces repeated slashes of a path, which a base URL with a slash at its end gives, by one. */
export function cleanPath(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/');
}

/**
 * Decodes the percent-encoding of a path, once: `%2F` becomes a slash like any other, as in distribution.
 *
 * @throws RegistryError `NAME_INVALID` when it is malformed or not UTF-8.
 */
export function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new RegistryError('NAME_INVALID', {
      message: 'malformed percent-encoding in the path',
      cause: error,
    });
  }
}
