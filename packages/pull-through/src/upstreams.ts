import {
  isRepositoryName,
  parseRepositoryName,
  RegistryError,
  type Registry,
  type RepositoryName,
} from '@purser/core';

/** A registry whose repositories are pulled through this one. */
export interface Upstream {
  /** For messages: its host. */
  readonly name: string;
  readonly registry: Registry;
  /**
   * The first components of the names of its repositories here, which upstream does not know of: with `quay.io`,
   * `quay.io/team/app` is upstream's `team/app`. Without one it is the upstream of every name that no prefix fits; at
   * most one upstream is.
   */
  readonly prefix?: string | undefined;
  /**
   * Whether it is asked for what the local registry does not have: with the prefix `docker.io`, `library/debian` is served as
   * `docker.io/library/debian` while there is no local `library/debian`. At most one upstream, with a prefix, and only
   * if every other one has a prefix, too. Default `false`.
   */
  readonly isFallback?: boolean | undefined;
  /** The values of `ns=` that mean this upstream: `docker.io`. Compared without case. Default: none. */
  readonly namespaces?: readonly string[] | undefined;
}

/** The source of a repository. */
export interface Route {
  readonly upstream: Upstream;
  /** Its name there. */
  readonly remoteName: RepositoryName;
}

/** A repository as a client names it. */
export interface NamedRepository {
  readonly name: RepositoryName;
  /** The host that the client took the name from, `ns`; in a result, only if it decided the name. */
  readonly namespace?: string | undefined;
}

/** The repository here that serves what a client asks for. */
export interface ResolvedRepository extends NamedRepository {
  /** Of a local name: the name here that serves a read instead; `undefined` if the local registry has the repository. */
  readonly fallback?: (() => Promise<RepositoryName | undefined>) | undefined;
}

export interface UpstreamTableOptions {
  /** Whether the local registry has a repository. */
  readonly isLocal?: ((name: RepositoryName) => Promise<boolean>) | undefined;
  /** The value of `ns` that means the registry itself: `registry.example`. Compared without case. Default: none. */
  readonly ownNamespace?: string | undefined;
}

/** Finds the upstream of a name: only ever one of those configured. */
export class UpstreamTable {
  readonly #default: Upstream | undefined;
  /** The longest first. */
  readonly #prefixed: readonly (Upstream & { readonly prefix: string })[];
  readonly #byNamespace = new Map<string, Upstream>();
  readonly #fallback: Upstream | undefined;
  readonly #isLocal: UpstreamTableOptions['isLocal'];
  readonly #ownNamespace: string | undefined;

  /**
   * @throws TypeError when two have the same prefix or namespace, or none; or a prefix is no repository name; or if there
   * cannot be a fallback.
   */
  constructor(
    upstreams: readonly Upstream[],
    { isLocal, ownNamespace }: UpstreamTableOptions = {},
  ) {
    this.#prefixed = upstreams
      .filter((upstream): upstream is Upstream & { prefix: string } => Boolean(upstream.prefix))
      .toSorted((left, right) => right.prefix.length - left.prefix.length);
    const unprefixed = upstreams.filter(({ prefix }) => !prefix);
    if (unprefixed.length > 1) throw new TypeError('two upstreams have no prefix');
    this.#default = unprefixed[0];
    requireDistinct(this.#prefixed.map(({ prefix }) => parseRepositoryName(prefix)));
    for (const upstream of upstreams) this.#addNamespaces(upstream);
    this.#fallback = findFallback(upstreams, isLocal);
    this.#isLocal = isLocal;
    this.#ownNamespace = ownNamespace?.toLowerCase();
  }

  /** @returns `undefined` if the name belongs to no upstream. */
  find(name: RepositoryName): Route | undefined {
    for (const upstream of this.#prefixed) {
      const start = `${upstream.prefix}/`;
      if (!name.startsWith(start)) continue;
      return { upstream, remoteName: parseRepositoryName(name.slice(start.length)) };
    }
    const upstream = this.#default;
    return upstream && { upstream, remoteName: name };
  }

  /**
   * Returns the repository here that has what a client asks for.
   *
   * The namespace is ignored while no upstream has one, as in distribution.
   *
   * @throws RegistryError `NAME_UNKNOWN` if the namespace belongs to no upstream, or if the name here belongs to another
   * upstream than that of the namespace: no registry may answer in the name of another. `NAME_INVALID` if the name here
   * is too long.
   */
  resolve({ name, namespace }: NamedRepository): ResolvedRepository {
    if (!namespace || this.#byNamespace.size === 0) return this.#resolvePath(name);
    const key = namespace.toLowerCase();
    const upstream = this.#byNamespace.get(key);
    if (upstream === undefined && key === this.#ownNamespace) return { name, namespace: key };
    if (upstream === undefined) throw unknownNamespace(namespace);
    const { prefix } = upstream;
    const localName = prefix ? parseRepositoryName(`${prefix}/${name}`) : name;
    if (this.find(localName)?.upstream !== upstream) throw unknownNamespace(namespace);
    return { name: localName, namespace: key };
  }

  #resolvePath(name: RepositoryName): ResolvedRepository {
    const upstream = this.#fallback;
    if (upstream === undefined || this.find(name) !== undefined) return { name };
    const fallback = `${upstream.prefix}/${name}`;
    if (!isRepositoryName(fallback) || this.find(fallback)?.upstream !== upstream) return { name };
    return { name, fallback: async () => ((await this.#isLocal!(name)) ? undefined : fallback) };
  }

  #addNamespaces(upstream: Upstream): void {
    for (const namespace of upstream.namespaces ?? []) {
      const key = namespace.toLowerCase();
      if (this.#byNamespace.has(key)) throw new TypeError(`two upstreams are the namespace ${key}`);
      this.#byNamespace.set(key, upstream);
    }
  }
}

function unknownNamespace(namespace: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', {
    message: 'no upstream is configured for this name in this namespace',
    detail: { ns: namespace.slice(0, 255) },
  });
}

function findFallback(
  upstreams: readonly Upstream[],
  isLocal: UpstreamTableOptions['isLocal'],
): Upstream | undefined {
  const [fallback, second] = upstreams.filter(({ isFallback }) => isFallback);
  if (fallback === undefined) return undefined;
  if (second !== undefined) throw new TypeError('two upstreams are the fallback');
  if (upstreams.some(({ prefix }) => !prefix)) {
    throw new TypeError('no name is left for a fallback: every upstream needs a prefix');
  }
  if (isLocal === undefined) throw new TypeError('a fallback needs the option isLocal');
  return fallback;
}

function requireDistinct(prefixes: readonly string[]): void {
  const repeated = prefixes.find((prefix, index) => prefixes.indexOf(prefix) !== index);
  if (repeated !== undefined) throw new TypeError(`two upstreams have the prefix ${repeated}`);
}
