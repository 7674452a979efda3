import { RegistryError } from './errors.ts';

/** The name of a repository inside a registry: `library/debian`. Always valid. */
export type RepositoryName = string & { readonly '@purser/repository-name': true };

/** The longest name in characters: what distribution accepts. */
export const MAXIMUM_NAME_LENGTH = 255;

/**
 * Reads a repository name: components of lower-case letters and digits, separated inside by one of `.`, `_`, `__` or
 * dashes, joined by `/`; at most 255 characters.
 *
 * @throws RegistryError `NAME_INVALID`.
 * @see OCI distribution-spec, "Pulling manifests".
 */
export function parseRepositoryName(text: string): RepositoryName {
  if (isRepositoryName(text)) return text;
  const reason =
    text.length > MAXIMUM_NAME_LENGTH
      ? `must not be longer than ${MAXIMUM_NAME_LENGTH} characters`
      : 'must be lower-case letters and digits, with single separators and slashes between them';
  throw new RegistryError('NAME_INVALID', {
    message: `invalid repository name: ${reason}`,
    detail: { name: text.slice(0, MAXIMUM_NAME_LENGTH) },
  });
}

export function isRepositoryName(text: string): text is RepositoryName {
  if (text.length > MAXIMUM_NAME_LENGTH) return false;
  return text.split('/').every(isPathComponent);
}

// The obvious single expression back-tracks; these two do not, and the length is bounded above.
const SEPARATOR = /[._-]+/;
const ALPHANUMERIC = /^[a-z0-9]+$/;
const LEGAL_SEPARATOR = /^(?:[._]|__|-+)$/;

/** One component of a repository name, such as `debian`. */
export function isPathComponent(text: string): boolean {
  const separators = text.match(/[._-]+/g) ?? [];
  return (
    text.split(SEPARATOR).every((part) => ALPHANUMERIC.test(part)) &&
    separators.every((separator) => LEGAL_SEPARATOR.test(separator))
  );
}
