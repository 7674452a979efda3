import { validateHeaderName, validateHeaderValue } from 'node:http';
import {
  DEFAULT_MAXIMUM_MANIFEST_SIZE,
  type AccessController,
  type Caller,
  type ManifestConverter,
  type ManifestDecoder,
  type Registry,
  type Repository,
  type RouteName,
} from '@purser/core';
import type { Context } from 'koa';
import { PROTECTIVE_HEADERS } from './protective-headers.ts';
import type { RepositoryResolver } from './served-repository.ts';
import { createUrlBuilder, type UrlBuilder } from './urls.ts';
import { createPositionSeal, type PositionSeal } from './sealed-position.ts';
import type { WriteGate } from './write-gate.ts';

export interface RegistryApiOptions {
  /** What is served. */
  readonly registry: Registry;
  /** Decodes the manifests that clients push. */
  readonly decoder: ManifestDecoder;
  /**
   * Make older forms of manifests for clients that ask by tag and do not take what is stored: a client takes the media
   * types that its `Accept` names, wildcards aside. Default: none, and a tag gives what it names.
   */
  readonly converters?: readonly ManifestConverter[] | undefined;
  /** The path below which the API lies, such as `/registry`; its `/v2/` follows. Default: none. */
  readonly prefix?: string | undefined;
  /**
   * The URL by which clients reach the registry, such as `https://registry.example/`. `Location` headers begin with it,
   * up to its last slash; `prefix` is not added. Default: what the request says.
   *
   * @see distribution, `http.host`.
   */
  readonly host?: string | undefined;
  /** Whether `Location` headers are paths without a host; `host` wins over it. Default: `false`. */
  readonly relativeUrls?: boolean | undefined;
  /**
   * Headers added to every answer of the API, each with its values. They replace the headers of the same name that every answer
   * carries: `X-Content-Type-Options` and `Content-Security-Policy`. Default: none.
   */
  readonly headers?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The largest manifest taken, in bytes, inclusive. Default: 4 MiB. */
  readonly maximumManifestSize?: number | undefined;
  /**
   * The most tags on one page, however many are asked for. Without `n`, a page has at most 10,000, or this if it is more.
   * Default: 1000.
   */
  readonly maximumTags?: number | undefined;
  /** The most repositories on one page; asking for more is an error. Default: 1000. */
  readonly maximumCatalogEntries?: number | undefined;
  /**
   * Encrypts the names of repositories that a caller must not see, where a page of the catalog ends at one: then the
   * link to the next page holds it. Servers that clients reach by one address need the same. Default: a random text.
   *
   * @see distribution, `http.secret`.
   */
  readonly secret?: string | undefined;
  /** Whether clients are sent to where a blob lies when the registry can name a URL. Default: `true`. */
  readonly redirect?: boolean | undefined;
  /**
   * The classes of manifests that may be pushed, `image` or `plugin`, by the media type of their config; others are
   * `DENIED`. Default: classes are not told apart.
   */
  readonly manifestClasses?: readonly string[] | undefined;
  /** Tells who may do what. Default: everyone may do everything. */
  readonly access?: AccessController | undefined;
  /**
   * Admits each request before anything is done for it, or throws a RegistryError: `TOOMANYREQUESTS` if there is no
   * place for it. The result is disposed of when the work is done, before the answer is sent; content that is sent piece
   * by piece is part of the work. Default: every request is admitted.
   */
  readonly admit?: ((context: Context) => Disposable | Promise<Disposable>) | undefined;
  /** Called when the access controller has identified the caller of a request. It must not throw. Default: no callback. */
  readonly onCaller?: ((caller: Caller, context: Context) => void) | undefined;
  /** Decides whether content may be changed at this moment. Default: it always may. */
  readonly writes?: WriteGate | undefined;
  /**
   * Finds the repository that serves a request, before the caller's rights are checked. Its name is the only one from then
   * on: for rights, challenges, refusals, storage and `decorate`. Default: the name in the path; `ns` is ignored.
   */
  readonly resolveRepository?: RepositoryResolver | undefined;
  /** Wraps a repository for one request, as observers and policies do. Default: it is used as it is. */
  readonly decorate?: ((repository: Repository, facts: RequestFacts) => Repository) | undefined;
  /**
   * Told which endpoint a request is for, before anything else is done for it; of a path that is none, nobody is told.
   * It must not throw. Default: nobody is told.
   */
  readonly onRoute?: ((route: RouteName, context: Context) => void) | undefined;
  /**
   * Told of every failure that is not the client's: what is answered with a 5xx status, and content that breaks off
   * after its headers went out. A client that leaves is no failure. It must not throw. Default: nobody is told.
   */
  readonly onError?: ((error: unknown, context: Context) => void) | undefined;
}

/** Who asks, which is the client's own word but for a verified user, and what can be added to the answer. */
export interface RequestFacts {
  readonly method: string;
  /** As Koa reads it: `Host`, or `X-Forwarded-Host` when the application trusts its proxy. */
  readonly host: string;
  /**
   * What `X-Forwarded-For` or `X-Real-Ip` say, or else the address of the peer with its port: `192.0.2.7`,
   * `192.0.2.7:40123`, `[2001:db8::7]:40123`.
   */
  readonly address: string;
  /** The user that the access controller verified; without a controller, the user name of Basic authorization. */
  readonly user?: string | undefined;
  readonly userAgent: string;
  /** The `Range` header: `bytes=100-199`. */
  readonly range?: string | undefined;
  /** What stands before `/v2/` in `Location` headers: `https://registry.example`, or a path alone. */
  readonly baseUrl: string;
  /** `context.state.requestId`, when an outer middleware left a text there. */
  readonly id?: string | undefined;
  /** Adds to the answer of this request, until it is sent. */
  readonly answer: AnswerFacts;
}

export interface AnswerFacts {
  /** Adds a `Warning` for a person to read: ASCII, and left out when all of them exceed 4096 bytes. */
  warn(text: string): void;
}

/** The options with every default filled in, checked once. */
export interface Settings {
  readonly registry: Registry;
  readonly decoder: ManifestDecoder;
  readonly converters: readonly ManifestConverter[];
  readonly prefix: string;
  readonly urls: UrlBuilder;
  readonly headers: readonly (readonly [name: string, value: string | readonly string[]])[];
  readonly maximumManifestSize: number;
  readonly maximumTags: number;
  readonly maximumCatalogEntries: number;
  readonly positionSeal: PositionSeal;
  readonly redirect: boolean;
  readonly manifestClasses: readonly string[] | undefined;
  readonly access: AccessController | undefined;
  readonly admit: ((context: Context) => Disposable | Promise<Disposable>) | undefined;
  readonly onCaller: ((caller: Caller, context: Context) => void) | undefined;
  readonly writes: WriteGate | undefined;
  readonly resolveRepository: RepositoryResolver | undefined;
  readonly decorate: ((repository: Repository, facts: RequestFacts) => Repository) | undefined;
  readonly onRoute: (route: RouteName, context: Context) => void;
  readonly onError: (error: unknown, context: Context) => void;
}

/** @throws TypeError when an option could not work. */
export function resolveOptions(options: RegistryApiOptions): Settings {
  const prefix = resolvePrefix(options.prefix);
  return {
    registry: options.registry,
    decoder: options.decoder,
    converters: options.converters ?? [],
    prefix,
    urls: createUrlBuilder({ prefix, host: options.host, relative: options.relativeUrls ?? false }),
    headers: resolveHeaders(options.headers ?? {}),
    maximumManifestSize: checkCount(
      'maximumManifestSize',
      options.maximumManifestSize ?? DEFAULT_MAXIMUM_MANIFEST_SIZE,
    ),
    maximumTags: checkCount('maximumTags', options.maximumTags ?? 1000),
    maximumCatalogEntries: checkCount(
      'maximumCatalogEntries',
      options.maximumCatalogEntries ?? 1000,
    ),
    positionSeal: createPositionSeal(options.secret),
    redirect: options.redirect ?? true,
    manifestClasses: options.manifestClasses,
    access: options.access,
    admit: options.admit,
    onCaller: options.onCaller,
    writes: options.writes,
    resolveRepository: options.resolveRepository,
    decorate: options.decorate,
    onRoute: options.onRoute ?? ignore,
    onError: options.onError ?? ignore,
  };
}

function ignore(): void {}

function resolvePrefix(prefix = ''): string {
  const bare = prefix.replace(/\/$/, '');
  if (bare === '' || /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/.test(bare)) return bare;
  throw new TypeError(
    `prefix must be a path such as /registry, of unreserved characters: ${prefix}`,
  );
}

function resolveHeaders(headers: Readonly<Record<string, readonly string[]>>): Settings['headers'] {
  const entries = Object.entries(headers);
  for (const [name, values] of entries) {
    validateHeaderName(name);
    for (const value of values) validateHeaderValue(name, value);
  }
  return [
    // Names have no case: a configured header is set later, in place of a default.
    ...Object.entries(PROTECTIVE_HEADERS),
    // Koa cannot read a header that is a list of one value.
    ...entries.map(([name, values]) => [name, values.length === 1 ? values[0]! : values] as const),
  ];
}

function checkCount(option: string, count: number): number {
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new TypeError(`${option} must be a positive integer: ${count}`);
}
