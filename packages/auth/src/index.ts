/**
 * Access controllers: htpasswd with an access policy, bearer tokens, and one for tests.
 *
 * ```ts
 * import { createHtpasswdController, createPolicy, PasswordFile } from '@purser/auth';
 *
 * const access = createHtpasswdController({
 *   realm: 'Registry',
 *   users: new PasswordFile('/etc/purser/htpasswd'),
 *   policy: createPolicy({
 *     rules: [
 *       { repositories: ['team/**'], users: ['alice'], allow: ['push', 'delete'] },
 *       { repositories: ['**'], users: ['*'], anonymous: true, allow: ['pull'] },
 *     ],
 *   }),
 * });
 * ```
 *
 * @packageDocumentation
 */
export { createHtpasswdController, type HtpasswdOptions } from './htpasswd/htpasswd.ts';
export { parseUsers, PasswordFileError, type Users } from './htpasswd/parse-users.ts';
export {
  PasswordFile,
  type PasswordFileOptions,
  type PasswordFileReport,
  provisionPasswordFile,
  type ProvisionedUser,
} from './htpasswd/password-file.ts';
export type { PasswordVerifierOptions } from './htpasswd/password-verifier.ts';
export { findUnusableUsers, type UnusableUser } from './htpasswd/unusable-users.ts';
export type { UserSource } from './htpasswd/user-source.ts';
export {
  createPolicy,
  type AccessPolicy,
  type PolicyAction,
  type PolicyOptions,
  type PolicyRule,
} from './policy/policy.ts';
export { createSillyController, type SillyOptions } from './silly.ts';
export { parseCertificates } from './token/certificates.ts';
export { RemoteKeySet, type RemoteKeySetOptions } from './token/remote-key-set.ts';
export type { Trust } from './token/signing-key.ts';
export {
  createTokenController,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type TokenOptions,
} from './token/token.ts';
export {
  keysOfCertificates,
  parseJwks,
  type KeysById,
  type TrustedKey,
} from './token/trusted-keys.ts';
