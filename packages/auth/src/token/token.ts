import type { Access, AccessController, AccessRequest } from '@purser/core';
import { jwtVerify, type JWTPayload } from 'jose';
import { checkText, credentialsOf, formatChallenge } from '../challenge.ts';
import {
  formatScope,
  grantedClasses,
  isGranted,
  parseScopes,
  type GrantedScopes,
} from './scope.ts';
import { signingKeyOf, type Trust } from './signing-key.ts';

/** Those that a public key can verify. */
export const SIGNING_ALGORITHMS = [
  'EdDSA',
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
] as const;

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export interface TokenOptions {
  /** The URL of the token server. Printable ASCII characters. */
  readonly realm: string;
  /** What `aud` must be, or hold. Printable ASCII characters. */
  readonly service: string;
  /** What `iss` must be. */
  readonly issuer: string;
  /** Whose signatures count; asked for every token, so that it can change. */
  readonly trust: () => Trust;
  /** Default: all of `SIGNING_ALGORITHMS`. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined;
  /**
   * The path of the token server on the host by which a client reaches the registry; the scheme is that of
   * `X-Forwarded-Proto`, or https. `realm` counts when a request names no host. Default: `realm` counts.
   */
  readonly autoRedirectPath?: string | undefined;
  /** Default: the time of the system. */
  readonly now?: (() => Date) | undefined;
}

/** How far the clock of the token server may be off. */
const LEEWAY_SECONDS = 60;

/** In characters. The header is parsed before anything is verified; the longest chain of certificates fits. */
const MAXIMUM_HEADER = 72 * 1024;

/**
 * Lets in who has a token of a token server, for what it grants.
 *
 * @throws TypeError when an option could not work.
 * @see distribution, `auth.token`, and "Token Authentication Specification".
 */
export function createTokenController(options: TokenOptions): AccessController {
  checkText('realm', options.realm);
  checkText('service', options.service);
  if (options.autoRedirectPath !== undefined)
    checkText('autoRedirectPath', options.autoRedirectPath);
  return {
    async identify(request) {
      const challenge = createChallenger(options, request);
      const token = credentialsOf('bearer', request.authorization);
      if (token === undefined) return { refusalOf: (wanted) => challenge(wanted) };
      const grant = await verify(token, options);
      if (grant === undefined) return { refusalOf: (wanted) => challenge(wanted, 'invalid_token') };
      return {
        user: grant.user,
        classesOf: (name) => grantedClasses(grant.scopes, name),
        refusalOf: (wanted) =>
          wanted.every((access) => isGranted(grant.scopes, access))
            ? undefined
            : challenge(wanted, 'insufficient_scope'),
      };
    },
  };
}

interface Grant {
  readonly user: string | undefined;
  readonly scopes: GrantedScopes;
}

/** @returns `undefined` if the token is invalid for any reason. */
async function verify(token: string, options: TokenOptions): Promise<Grant | undefined> {
  const { issuer, service, trust, algorithms = SIGNING_ALGORITHMS } = options;
  const now = options.now?.() ?? new Date();
  if (token.indexOf('.') > MAXIMUM_HEADER) return undefined;
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(
      token,
      async (header) => {
        const key = await signingKeyOf(header, trust(), now);
        if (key === undefined) throw new Error('the key is not trusted');
        return key;
      },
      {
        algorithms: [...algorithms],
        issuer,
        audience: service,
        requiredClaims: ['exp'],
        clockTolerance: LEEWAY_SECONDS,
        currentDate: now,
      },
    ));
  } catch {
    // Whatever is wrong with a token, its bearer is told no more than that it is.
    return undefined;
  }
  const scopes = parseScopes(payload['access']);
  const subject: unknown = payload.sub ?? '';
  if (scopes === undefined || typeof subject !== 'string') return undefined;
  return { user: subject === '' ? undefined : subject, scopes };
}

type ChallengeError = 'invalid_token' | 'insufficient_scope';

function createChallenger(options: TokenOptions, request: AccessRequest) {
  return (wanted: readonly Access[], error?: ChallengeError) => ({
    kind: 'unauthorized' as const,
    challenges: [
      formatChallenge('Bearer', {
        realm: realmFor(options, request),
        service: options.service,
        scope: formatScope(wanted),
        error,
      }),
    ],
  });
}

function realmFor({ realm, autoRedirectPath }: TokenOptions, request: AccessRequest): string {
  const { host, forwardedScheme = 'https' } = request;
  if (autoRedirectPath === undefined || host === undefined) return realm;
  return `${forwardedScheme}://${host}${autoRedirectPath}`;
}
