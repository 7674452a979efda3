import type { X509Certificate } from 'node:crypto';
import type { OperationOptions } from './options.ts';
import type { RepositoryName } from './repository-name.ts';

/** What can be done to a repository. Whoever tells `overwrite` from `push` lets tags be set but not moved. */
export type RepositoryAction = 'pull' | 'push' | 'overwrite' | 'delete';

/**
 * One right that a request needs.
 *
 * @see distribution, "Docker Registry Token Authentication", resource scopes.
 */
export type Access =
  | {
      readonly type: 'repository';
      readonly name: RepositoryName;
      readonly action: RepositoryAction;
    }
  /** To list repositories. */
  | { readonly type: 'registry'; readonly name: 'catalog'; readonly action: '*' };

/**
 * The parts of a request by which a controller identifies the caller. Each is absent when the request has none. Only
 * `address` and a verified `clientCertificate` are facts; everything else is the client's own word.
 */
export interface AccessRequest {
  /** The value of `Authorization`, which is a secret. */
  readonly authorization?: string | undefined;
  /** All headers by lower-case name, secrets among them: for cookies, and for headers that a trusted proxy sets. */
  readonly headers?: RequestHeaders | undefined;
  /** The host by which the client reaches the registry, if it could be part of a URL. */
  readonly host?: string | undefined;
  /** The scheme in `X-Forwarded-Proto`. */
  readonly forwardedScheme?: 'http' | 'https' | undefined;
  /** The IP address of the peer, without its port: the client, or the proxy nearest to the registry. */
  readonly address?: string | undefined;
  /**
   * The IP address that the peer names last in `X-Forwarded-For`, or else in `X-Real-Ip`. It is the client if the peer
   * is a proxy; a client that connects directly can send any address.
   */
  readonly forwardedAddress?: string | undefined;
  /** The TLS certificate of the peer. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ClientCertificate {
  readonly certificate: X509Certificate;
  /** True if the server verified the certificate. Some servers accept other certificates too; those prove nothing. */
  readonly isVerified: boolean;
}

/** Why a caller may not. */
export type AccessRefusal =
  /** It is not known who asks, or not well enough. */
  | {
      readonly kind: 'unauthorized';
      /** The values of `WWW-Authenticate`, one at least: how to say who asks. */
      readonly challenges: readonly string[];
    }
  /** It is known who asks, and another login would be another caller. */
  | {
      readonly kind: 'denied';
      /** Told to the client: which rule refuses what. */
      readonly reason: string;
    };

/** Who asks, for as long as one request runs. */
export interface Caller {
  /** A name that was verified; absent for who does not say, or could not prove it. */
  readonly user?: string | undefined;

  /**
   * Why the caller may not do all of this; `undefined` when he may. Asked with what a request is about to do, before it
   * is done, and again for what turns out in its course.
   *
   * Nothing wanted asks for a login alone: `undefined` for every caller who proved who he is.
   */
  refusalOf(
    wanted: readonly Access[],
  ): AccessRefusal | undefined | Promise<AccessRefusal | undefined>;

  /**
   * The classes of content, such as `image`, that the caller may push to a repository, if that is told; `undefined` when it
   * is not, and any will do. Asked only where the registry tells classes apart.
   */
  classesOf?(name: RepositoryName): readonly string[] | undefined;

  /** Whether the catalog names a repository, to a caller who may list. It names all when absent. */
  sees?(name: RepositoryName): boolean | Promise<boolean>;
}

/**
 * Tells who may do what.
 *
 * A controller is asked for every request, many at a time. It trusts nothing in the request, and does not take longer,
 * or answer otherwise, for a user who is unknown than for one who is known and gives a wrong password.
 */
export interface AccessController {
  /**
   * Who asks. Credentials that are wrong, malformed or of an unknown kind are no failure: they are a caller who is
   * refused everything.
   *
   * @param options `signal` is aborted when the client leaves: a controller that makes callers wait then stops waiting.
   * @throws RegistryError `UNAVAILABLE` when it cannot be told now, `TOOMANYREQUESTS` when too many wait to be told.
   */
  identify(request: AccessRequest, options?: OperationOptions): Promise<Caller>;
}

/** Lets everyone do everything, and knows nobody. */
export const allowAll: AccessController = { identify: async () => ANYONE };

const ANYONE: Caller = { refusalOf: () => undefined };
