import { isDigest, type Digest } from './digest.ts';
import { RegistryError } from './errors.ts';
import { isRepositoryName, MAXIMUM_NAME_LENGTH, type RepositoryName } from './repository-name.ts';
import { isTag, type Tag } from './tag.ts';

/**
 * What a person writes to name an image: `[domain/]path[:tag][@digest]`.
 *
 * `path` is the repository's name at the registry of that domain; without a domain it is what was written.
 */
export interface Reference {
  /** `registry.example:5000`; `undefined` when none was written. */
  readonly domain?: string | undefined;
  readonly path: RepositoryName;
  readonly tag?: Tag | undefined;
  readonly digest?: Digest | undefined;
}

/** A reference whose registry is known. */
export interface NormalizedReference extends Reference {
  readonly domain: string;
}

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DEFAULT_DOMAIN = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
const DEFAULT_TAG = 'latest' as Tag;

/** A tag, a digest and a domain beside the longest path, with room; longer text is refused before it is looked at. */
const MAXIMUM_LENGTH = 1024;
const IPV6_HOST = /^\[[A-Fa-f0-9:]+\]$/;
const HOST_COMPONENT = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
const PORT = /:[0-9]+$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;

/**
 * Reads a reference as it is written, without Docker's defaults. The part before the first slash is a domain when it
 * could not be a path component (it has a dot before a further component, a port, or an upper-case letter) or is
 * `localhost`.
 *
 * @throws RegistryError `NAME_INVALID` when name, domain or length is wrong; `MANIFEST_INVALID` for the tag;
 * `DIGEST_INVALID` for the digest.
 * @see distribution/reference, grammar in reference.go.
 */
export function parseReference(text: string): Reference {
  if (text.length > MAXIMUM_LENGTH) throw invalidName(text, 'the reference is too long');
  const { rest: beforeDigest, suffix: digest } = cutSuffix(text, '@');
  const { rest: name, suffix: tag } = cutTag(beforeDigest);
  if (digest !== undefined && !isDigest(digest)) throw invalidSuffix('DIGEST_INVALID', digest);
  if (tag !== undefined && !isTag(tag)) throw invalidSuffix('MANIFEST_INVALID', tag);
  return { ...splitDomain(name), tag, digest };
}

/**
 * Reads a reference with Docker's defaults: no domain means `docker.io`, where a name of one component means
 * `library/<name>`; `index.docker.io` means `docker.io`.
 *
 * @throws RegistryError as `parseReference`; also `NAME_INVALID` when the name is 64 hex digits, which is an image id.
 * @see distribution/reference, `ParseNormalizedNamed`.
 */
export function normalizeReference(text: string): NormalizedReference {
  if (IMAGE_ID.test(text)) throw invalidName(text, 'an image id is no repository name');
  const { domain: written, path, tag, digest } = parseReference(text);
  const domain = written === LEGACY_DEFAULT_DOMAIN ? DEFAULT_DOMAIN : (written ?? DEFAULT_DOMAIN);
  const official = domain === DEFAULT_DOMAIN && !path.includes('/');
  return { domain, path: official ? checkedPath(OFFICIAL_PREFIX + path) : path, tag, digest };
}

/** Adds the tag `latest` to a reference that has neither tag nor digest. */
export function withDefaultTag<T extends Reference>(reference: T): T {
  const bare = reference.tag === undefined && reference.digest === undefined;
  return bare ? { ...reference, tag: DEFAULT_TAG } : reference;
}

/** Writes a reference so that `parseReference` reads the same. */
export function formatReference({ domain, path, tag, digest }: Reference): string {
  const name = domain === undefined ? path : `${domain}/${path}`;
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Writes a reference as people know it: `debian:12` for `docker.io/library/debian:12`. */
export function familiarReference(reference: NormalizedReference): string {
  const { domain, path } = reference;
  if (domain !== DEFAULT_DOMAIN) return formatReference(reference);
  const rest = path.startsWith(OFFICIAL_PREFIX) ? path.slice(OFFICIAL_PREFIX.length) : path;
  // Without its prefix, `library/a/b` would be another repository, and 64 hex digits an image id.
  const familiar = rest !== path && (rest.includes('/') || IMAGE_ID.test(rest)) ? path : rest;
  const first = familiar.slice(0, Math.max(familiar.indexOf('/'), 0));
  return formatReference({
    ...reference,
    domain: isDomain(first) ? domain : undefined,
    path: familiar as RepositoryName,
  });
}

function cutSuffix(text: string, mark: string): { rest: string; suffix: string | undefined } {
  const at = text.indexOf(mark);
  return at < 0
    ? { rest: text, suffix: undefined }
    : { rest: text.slice(0, at), suffix: text.slice(at + 1) };
}

/** A colon after the last slash begins a tag; one before it, a port. */
function cutTag(text: string): { rest: string; suffix: string | undefined } {
  const lastComponent = text.lastIndexOf('/') + 1;
  const { rest, suffix } = cutSuffix(text.slice(lastComponent), ':');
  return { rest: text.slice(0, lastComponent) + rest, suffix };
}

function splitDomain(name: string): { domain: string | undefined; path: RepositoryName } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  if (!isDomain(first)) return { domain: undefined, path: checkedPath(name) };
  if (!isHost(first.replace(PORT, ''))) throw invalidName(name, 'the registry host is malformed');
  return { domain: first, path: checkedPath(name.slice(slash + 1)) };
}

/** Docker's rule for what stands before the first slash. */
function isDomain(first: string): boolean {
  return /[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}

function isHost(text: string): boolean {
  return IPV6_HOST.test(text) || text.split('.').every((part) => HOST_COMPONENT.test(part));
}

function checkedPath(path: string): RepositoryName {
  if (isRepositoryName(path)) return path;
  if (path.length > MAXIMUM_NAME_LENGTH) {
    throw invalidName(path, `must not be longer than ${MAXIMUM_NAME_LENGTH} characters`);
  }
  const lower = isRepositoryName(path.toLowerCase());
  throw invalidName(path, lower ? 'must be lower case' : 'malformed path');
}

function invalidName(name: string, reason: string): RegistryError {
  return new RegistryError('NAME_INVALID', {
    message: `invalid reference: ${reason}`,
    detail: { name: name.slice(0, MAXIMUM_NAME_LENGTH) },
  });
}

function invalidSuffix(code: 'DIGEST_INVALID' | 'MANIFEST_INVALID', suffix: string): RegistryError {
  const what = code === 'DIGEST_INVALID' ? 'digest' : 'tag';
  return new RegistryError(code, {
    message: `invalid reference: malformed ${what}`,
    detail: { [what]: suffix.slice(0, MAXIMUM_NAME_LENGTH) },
  });
}
