import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type * as auth from '@purser/auth';
import type { RemoteKeySet, Trust } from '@purser/auth';
import type { AccessController } from '@purser/core';
import { isUrl } from '../../config/auth-section.ts';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import { escapeControls } from '../../observe/escape.ts';
import type { Logger } from '../../observe/logger.ts';
import { checkDirectory } from '../check-directory.ts';
import { makeDirectory } from '../make-directory.ts';
import type { Prepared } from '../reloadable.ts';
import { StartError } from '../start-error.ts';
import { usable } from '../usable.ts';

type AuthConfig = Config['auth'];
type HtpasswdConfig = Extract<AuthConfig, { kind: 'htpasswd' }>;
type TokenConfig = Extract<AuthConfig, { kind: 'token' }>;

/** Who may do what, as one configuration says. */
export interface ConfiguredAccess {
  readonly controller: AccessController;
  /**
   * Reads users and keys again. The previous ones count until they take effect.
   *
   * @throws StartError naming what cannot be used.
   */
  readonly reload: () => Promise<Prepared>;
  /** Whether its password file can be read, if there is one. */
  readonly isUpToDate?: () => Promise<boolean>;
  close(): void;
}

/** @throws StartError when a file that the section names cannot be used. */
export async function configureAccess(
  config: Exclude<AuthConfig, { kind: 'none' }>,
  logger: Logger,
): Promise<ConfiguredAccess> {
  // Who lets everyone in need not load what hashes passwords and verifies tokens.
  const loaded = await import('@purser/auth');
  switch (config.kind) {
    case 'silly':
      logger.warn('auth.silly lets everyone in who sends any Authorization: it is for tests alone');
      return {
        controller: loaded.createSillyController(config),
        reload: async () => UNCHANGED,
        close: () => {},
      };
    case 'htpasswd':
      return createHtpasswdAccess(loaded, config, logger);
    case 'token':
      return createTokenAccess(loaded, config, logger);
  }
}

/**
 * Reads what the section names, and changes nothing. A key set with a URL is not fetched.
 *
 * @returns Warnings, one line each.
 * @throws StartError as `configureAccess`.
 */
export async function checkAccess(config: AuthConfig): Promise<readonly string[]> {
  if (config.kind === 'none' || config.kind === 'silly') return [];
  const loaded = await import('@purser/auth');
  if (config.kind === 'htpasswd') return checkUsers(loaded, config);
  await readTrust(loaded, config);
  return [];
}

async function checkUsers(
  { createPolicy, findUnusableUsers, PasswordFile }: Auth,
  { path, groups, policy }: HtpasswdConfig,
): Promise<readonly string[]> {
  if (policy !== undefined) settle('auth.htpasswd', () => createPolicy({ rules: policy, groups }));
  const key = 'auth.htpasswd.path';
  if (!existsSync(path)) {
    await usable(key, path, () => checkDirectory(dirname(path)));
    return [`${key}: there is no ${path}: a server makes it, with one user and a random password`];
  }
  const users = await usable(key, path, () => new PasswordFile(path).current());
  const unusable = findUnusableUsers(users).map(({ user, format }) => `${user} (${format})`);
  if (users.size === 0) return [`${key}: there are no users in ${path}: nobody can log in`];
  if (unusable.length === 0) return [];
  const shown = [...unusable.slice(0, MOST_USERS), ...(unusable.length > MOST_USERS ? ['…'] : [])];
  return [
    `${key}: ${unusable.length} of ${users.size} users of ${path} cannot log in: ${shown.join(', ')}; only bcrypt is accepted: htpasswd -B FILE USER`,
  ].map(escapeControls);
}

/** Users that a warning names. */
const MOST_USERS = 10;

type Auth = typeof auth;

const UNCHANGED: Prepared = { takeEffect: () => {} };

async function createHtpasswdAccess(
  { createHtpasswdController, createPolicy, PasswordFile, provisionPasswordFile }: Auth,
  { realm, path, groups, policy }: HtpasswdConfig,
  logger: Logger,
): Promise<ConfiguredAccess> {
  const users = new PasswordFile(path, { observer: observePasswordFile(path, logger) });
  const access = policy && settle('auth.htpasswd', () => createPolicy({ rules: policy, groups }));
  const load = () => usable('auth.htpasswd.path', path, () => users.read());
  const provisioned = await usable('auth.htpasswd.path', path, async () => {
    await makeDirectory(dirname(path), 0o700);
    return provisionPasswordFile(path);
  });
  if (provisioned !== undefined) {
    // The one place where a password is told: nobody could log in otherwise.
    logger.warn('htpasswd is missing, provisioning with default user', { ...provisioned });
  }
  await load();
  return {
    controller: createHtpasswdController({ realm, users, policy: access }),
    async reload() {
      await load();
      // The file is followed anyway.
      return UNCHANGED;
    },
    isUpToDate: () =>
      users.read().then(
        () => true,
        () => false,
      ),
    close: () => {},
  };
}

function observePasswordFile(path: string, logger: Logger) {
  return function observe(report: auth.PasswordFileReport): void {
    const fields = { path };
    if (report.kind === 'readable') logger.info('the password file can be read again', fields);
    else if (report.kind === 'empty')
      logger.warn('there are no users in the password file: nobody can log in', fields);
    else {
      const minutes = report.keptMs / 60_000;
      logger.error(
        `the password file cannot be read: the previous users count for ${minutes} minutes, then nobody can log in`,
        { ...fields, ...describeError(report.error) },
      );
    }
  };
}

async function createTokenAccess(
  loaded: Auth,
  config: TokenConfig,
  logger: Logger,
): Promise<ConfiguredAccess> {
  const remote = createRemote(loaded, config, logger);
  let trust: Trust = { ...(await readTrust(loaded, config)), remote };
  await remote?.start();
  const { realm, service, issuer, signingalgorithms } = config;
  return {
    controller: loaded.createTokenController({
      realm,
      service,
      issuer,
      trust: () => trust,
      algorithms: signingalgorithms,
      autoRedirectPath: config.autoredirect ? config.autoredirectpath : undefined,
    }),
    async reload() {
      const changed = { ...(await readTrust(loaded, config)), remote };
      await remote?.refresh();
      return { takeEffect: () => void (trust = changed) };
    },
    close: () => remote?.[Symbol.dispose](),
  };
}

function createRemote(
  loaded: Auth,
  { jwks }: TokenConfig,
  logger: Logger,
): RemoteKeySet | undefined {
  if (jwks === undefined || !isUrl(jwks)) return undefined;
  const onError = (error: unknown) =>
    logger.warn(
      'cannot fetch auth.token.jwks; the keys of before go on counting',
      describeError(error),
    );
  return settle('auth.token.jwks', () => new loaded.RemoteKeySet({ url: new URL(jwks), onError }));
}

async function readTrust(
  { keysOfCertificates, parseCertificates, parseJwks }: Auth,
  { rootcertbundle, jwks }: TokenConfig,
): Promise<Omit<Trust, 'remote'>> {
  const roots =
    rootcertbundle === undefined
      ? []
      : await usable('auth.token.rootcertbundle', rootcertbundle, async () =>
          atLeastOne(parseCertificates(await readFile(rootcertbundle, 'utf8')), 'certificate'),
        );
  const keys =
    jwks === undefined || isUrl(jwks)
      ? []
      : await usable('auth.token.jwks', jwks, async () =>
          atLeastOne([...parseJwks(JSON.parse(await readFile(jwks, 'utf8')))], 'public key'),
        );
  return { roots, keys: new Map([...keysOfCertificates(roots), ...keys]) };
}

function atLeastOne<T>(found: readonly T[], what: string): readonly T[] {
  if (found.length > 0) return found;
  throw new Error(`there is no ${what} in it`);
}

function settle<T>(key: string, create: () => T): T {
  try {
    return create();
  } catch (error) {
    throw new StartError(`cannot use ${key}: ${(error as Error).message}`, { cause: error });
  }
}
