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

/** What a request says that tells who asks, and how the registry is reached. All of it is the client's own word. */
export interface AccessRequest {
  /** The value of `Authorization`, which is a secret; absent when there was none. */
  readonly authorization?: string | undefined;
  /** The host by which the client reaches the registry; absent when it names none that could stand in a URL. */
  readonly host?: string | undefined;
  /** What `X-Forwarded-Proto` says. */
  readonly forwardedScheme?: 'http' | 'https' | undefined;
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
   * @throws RegistryError `UNAVAILABLE` when it cannot be told now, `TOOMANYREQUESTS` when too many wait to be told.
   */
  identify(request: AccessRequest, options?: OperationOptions): Promise<Caller>;
}

/** Lets everyone do everything, and knows nobody. */
export const allowAll: AccessController = { identify: async () => ANYONE };

const ANYONE: Caller = { refusalOf: () => undefined };
