import {
  isDigest,
  isTag,
  normalizeReference,
  RegistryError,
  type Digest,
  type RepositoryName,
  type Tag,
} from '@purser/core';

/** Where an image is, as it is written on the command line. */
export type Place = RegistryPlace | LayoutPlace;

/** A registry as it is written on the command line. */
export interface RegistryAddress {
  /** A host, with a port or without. */
  readonly domain: string;
  /** The protocol, when one was written: `https://` means a verified certificate, `http://` no TLS. */
  readonly scheme?: 'http' | 'https' | undefined;
}

interface RegistryPlace extends RegistryAddress {
  readonly kind: 'registry';
  /** As it was written. */
  readonly text: string;
  readonly path: RepositoryName;
  readonly tag?: Tag | undefined;
  readonly digest?: Digest | undefined;
}

/** An OCI image layout: `oci:directory[:name]` or `oci-archive:file[:name]`, or `@digest` in place of the name. */
export interface LayoutPlace {
  readonly kind: 'directory' | 'archive';
  readonly text: string;
  readonly path: string;
  /** A tag, or a whole reference that some programs use as a name. */
  readonly name?: string | undefined;
  readonly digest?: Digest | undefined;
}

const LAYOUT = /^(oci|oci-archive):(.*)$/s;
const SCHEME = /^(https?|docker):\/\//;
/** `C:\image` */
const WINDOWS_DRIVE = /^[A-Za-z]:[\\/]/;

/**
 * Reads a place: a reference with Docker's defaults, also as `docker://…`, `https://…` or `http://…`, or an image layout.
 *
 * @throws RegistryError `NAME_INVALID`, `MANIFEST_INVALID`, `DIGEST_INVALID` as references have them;
 * `PARAMETER_INVALID` when a layout has no path.
 */
export function parsePlace(text: string): Place {
  const [, prefix, rest = ''] = LAYOUT.exec(text) ?? [];
  if (prefix !== undefined) {
    return { kind: prefix === 'oci' ? 'directory' : 'archive', text, ...parseLayout(text, rest) };
  }
  const { scheme, bare } = splitScheme(text);
  const { domain, path, tag, digest } = normalizeReference(bare);
  return { kind: 'registry', text, domain, scheme, path, tag, digest };
}

function splitScheme(text: string): Pick<RegistryAddress, 'scheme'> & { readonly bare: string } {
  const [prefix = '', name] = SCHEME.exec(text) ?? [];
  const scheme = name === 'http' || name === 'https' ? name : undefined;
  return { scheme, bare: text.slice(prefix.length) };
}

function parseLayout(text: string, rest: string): Pick<LayoutPlace, 'path' | 'name' | 'digest'> {
  const at = rest.lastIndexOf('@');
  const suffix = rest.slice(at + 1);
  const digest = at >= 0 && isDigest(suffix) ? suffix : undefined;
  const named = digest === undefined ? rest : rest.slice(0, at);
  const colon = named.indexOf(':', WINDOWS_DRIVE.test(named) ? 2 : 0);
  const path = colon < 0 ? named : named.slice(0, colon);
  const name = colon < 0 ? undefined : named.slice(colon + 1);
  if (path === '' || name === '') throw malformedLayout(text);
  return { path, name, digest };
}

function malformedLayout(text: string): RegistryError {
  return new RegistryError('PARAMETER_INVALID', {
    message: `malformed image layout ${text}: expected oci:directory, oci:directory:tag or oci:directory@digest`,
  });
}

/** The registry of an argument that names no repository: `localhost:5000`, `https://registry.example`, `my-host/`. */
export function registryIn(text: string): RegistryAddress | undefined {
  const { scheme, bare } = splitScheme(text);
  if (bare.endsWith('/')) return { scheme, domain: bare.slice(0, -1) };
  const isHost =
    !bare.includes('/') &&
    !bare.includes('@') &&
    (scheme !== undefined || /^(?:localhost|\[|[^:]*\.)/.test(bare));
  return isHost && !LAYOUT.test(text) ? { scheme, domain: bare } : undefined;
}

/**
 * The registry of an argument that is a registry, or a reference whose registry is meant.
 *
 * @throws RegistryError `NAME_INVALID`.
 */
export function registryOf(text: string): RegistryAddress {
  const { scheme, bare: written } = splitScheme(text);
  const bare = written.replace(/\/+$/, '');
  const host = bare.includes('/') ? bare : `${bare}/any`;
  return { scheme, domain: bare === '' ? DEFAULT_DOMAIN : normalizeReference(host).domain };
}

const DEFAULT_DOMAIN = 'docker.io';

/** A name of a layout as a tag, when it is one. */
export function tagOf({ name }: LayoutPlace): Tag | undefined {
  return name !== undefined && isTag(name) ? name : undefined;
}
