import {
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
  /** The values of `ns=` that mean this upstream: `docker.io`. Compared without case. Default: none. */
  readonly namespaces?: readonly string[] | undefined;
}

/** Where a repository comes from. */
export interface Route {
  readonly upstream: Upstream;
  /** Its name there. */
  readonly remoteName: RepositoryName;
  /** The name under which it is kept here. */
  readonly localName: RepositoryName;
  /** Whether the namespace chose the upstream. */
  readonly isByNamespace: boolean;
}

/** Finds the upstream of a name: only ever one of those configured. */
export class UpstreamTable {
  readonly #default: Upstream | undefined;
  /** The longest first. */
  readonly #prefixed: readonly (Upstream & { readonly prefix: string })[];
  readonly #byNamespace = new Map<string, Upstream>();

  /** @throws TypeError when two have the same prefix or namespace, or none; or a prefix is no repository name. */
  constructor(upstreams: readonly Upstream[]) {
    this.#prefixed = upstreams
      .filter((upstream): upstream is Upstream & { prefix: string } => Boolean(upstream.prefix))
      .toSorted((left, right) => right.prefix.length - left.prefix.length);
    const unprefixed = upstreams.filter(({ prefix }) => !prefix);
    if (unprefixed.length > 1) throw new TypeError('two upstreams have no prefix');
    this.#default = unprefixed[0];
    requireDistinct(this.#prefixed.map(({ prefix }) => parseRepositoryName(prefix)));
    for (const upstream of upstreams) this.#addNamespaces(upstream);
  }

  /**
   * @param namespace Ignored while no upstream has one, as distribution does.
   * @returns `undefined` when the name is not of an upstream.
   * @throws RegistryError `NAME_UNKNOWN` when no upstream has the namespace: nobody else may answer in its name;
   * `NAME_INVALID` when the name is too long to be kept.
   */
  find(name: RepositoryName, namespace: string | undefined): Route | undefined {
    if (namespace && this.#byNamespace.size > 0) return this.#findByNamespace(name, namespace);
    for (const upstream of this.#prefixed) {
      const start = `${upstream.prefix}/`;
      if (!name.startsWith(start)) continue;
      const remoteName = parseRepositoryName(name.slice(start.length));
      return { upstream, remoteName, localName: name, isByNamespace: false };
    }
    const upstream = this.#default;
    return upstream && { upstream, remoteName: name, localName: name, isByNamespace: false };
  }

  #findByNamespace(name: RepositoryName, namespace: string): Route {
    const upstream = this.#byNamespace.get(namespace.toLowerCase());
    if (upstream === undefined) {
      throw new RegistryError('NAME_UNKNOWN', {
        message: 'no upstream is configured for the namespace that the client asks for',
        detail: { ns: namespace.slice(0, 255) },
      });
    }
    const { prefix } = upstream;
    const localName = prefix ? parseRepositoryName(`${prefix}/${name}`) : name;
    return { upstream, remoteName: name, localName, isByNamespace: true };
  }

  #addNamespaces(upstream: Upstream): void {
    for (const namespace of upstream.namespaces ?? []) {
      const key = namespace.toLowerCase();
      if (this.#byNamespace.has(key)) throw new TypeError(`two upstreams are the namespace ${key}`);
      this.#byNamespace.set(key, upstream);
    }
  }
}

function requireDistinct(prefixes: readonly string[]): void {
  const repeated = prefixes.find((prefix, index) => prefixes.indexOf(prefix) !== index);
  if (repeated !== undefined) throw new TypeError(`two upstreams have the prefix ${repeated}`);
}
