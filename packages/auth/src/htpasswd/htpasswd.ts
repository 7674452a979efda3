import {
  RegistryError,
  type AccessController,
  type AccessRefusal,
  type Caller,
} from '@purser/core';
import { checkText, credentialsOf, formatChallenge } from '../challenge.ts';
import type { AccessPolicy } from '../policy/policy.ts';
import type { Users } from './parse-users.ts';
import {
  PasswordVerifier,
  type Credentials,
  type PasswordVerifierOptions,
} from './password-verifier.ts';
import type { UserSource } from './user-source.ts';

export interface HtpasswdOptions extends PasswordVerifierOptions {
  /** What clients are told they log in to. Printable ASCII characters. */
  readonly realm: string;
  /** Whose passwords are right: a `PasswordFile`, as a rule. Hashes other than bcrypt's are never right. */
  readonly users: UserSource;
  /** What users, and who does not log in, may do. Default: every user everything, and nobody else anything. */
  readonly policy?: AccessPolicy | undefined;
}

/**
 * Lets users in by name and password.
 *
 * `identify` fails with `UNAVAILABLE` when the users cannot be read, and with `TOOMANYREQUESTS` when too many logins
 * wait to be verified. Logins wait in the order of the recent failures of their user and their addresses.
 *
 * @throws TypeError when an option could not work.
 * @see distribution, `auth.htpasswd`; RFC 7617.
 */
export function createHtpasswdController(options: HtpasswdOptions): AccessController {
  const { users, policy } = options;
  const realm = checkText('realm', options.realm);
  const verifier = new PasswordVerifier(options);
  const challenge: AccessRefusal = {
    kind: 'unauthorized',
    challenges: [formatChallenge('Basic', { realm })],
  };
  const refused: Caller = { refusalOf: () => challenge };
  const anonymous = policy === undefined ? refused : anonymousCaller(policy, challenge);

  return {
    async identify({ authorization, address, forwardedAddress }, { signal } = {}) {
      if (isNobody(authorization)) return anonymous;
      const credentials = parseCredentials(credentialsOf('basic', authorization));
      if (credentials === undefined) return refused;
      const origin = { address, forwardedAddress, signal };
      if (!(await verifier.isRight(await usersOf(users), credentials, origin))) return refused;
      return userCaller(credentials.user, policy);
    },
  };
}

/** Some clients say with an empty name and an empty password that they have none. */
function isNobody(authorization: string | undefined): boolean {
  return authorization === undefined || credentialsOf('basic', authorization) === 'Og==';
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function parseCredentials(encoded: string | undefined): Credentials | undefined {
  if (encoded === undefined || !BASE64.test(encoded)) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

async function usersOf(source: UserSource): Promise<Users> {
  try {
    return await source.current();
  } catch (error) {
    throw new RegistryError('UNAVAILABLE', {
      message: 'logins cannot be verified at the moment',
      cause: error,
    });
  }
}

function userCaller(user: string, policy: AccessPolicy | undefined): Caller {
  if (policy === undefined) return { user, refusalOf: () => undefined };
  return {
    user,
    refusalOf(wanted) {
      const reason = policy.denialOf(user, wanted);
      return reason === undefined ? undefined : { kind: 'denied', reason };
    },
    sees: (name) => policy.mayPull(user, name),
  };
}

/**
 * Who does not log in. A ping of `/v2/` is answered with a challenge even when some repositories are open to everyone:
 * from that answer clients learn how to log in.
 */
function anonymousCaller(policy: AccessPolicy, challenge: AccessRefusal): Caller {
  return {
    refusalOf(wanted) {
      if (wanted.length === 0) return challenge;
      return policy.denialOf(undefined, wanted) === undefined ? undefined : challenge;
    },
    sees: (name) => policy.mayPull(undefined, name),
  };
}
