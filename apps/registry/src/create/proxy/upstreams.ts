import { createRegistryClient, type Keychain, type RegistryClient } from '@purser/client';
import type { ManifestDecoder } from '@purser/core';
import type { Upstream } from '@purser/pull-through';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import type { Logger } from '../../observe/logger.ts';
import { packageVersion } from '../../package-version.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { StartError } from '../start-error.ts';

type ProxyConfig = Config['proxy'];
type UpstreamConfig = Pick<ProxyConfig, 'username' | 'password' | 'exec'> & {
  readonly remoteurl: string;
  readonly prefix?: string | undefined;
  readonly namespaces?: readonly string[] | undefined;
  readonly fallback?: boolean | undefined;
};

export interface Upstreams extends AsyncDisposable {
  readonly upstreams: readonly Upstream[];
}

/** The registries that are pulled through this one, as clients that have not been asked anything. */
export function createUpstreams(
  proxy: ProxyConfig,
  { decoder, logger }: { readonly decoder: ManifestDecoder; readonly logger: Logger },
): Upstreams {
  const clients: RegistryClient[] = [];
  const upstreams = configsOf(proxy).map((config): Upstream => {
    const url = new URL(config.remoteurl);
    const client = connect(config, { decoder, logger, url });
    clients.push(client);
    const { prefix, fallback: isFallback, namespaces = defaultNamespaces(proxy, url) } = config;
    return { name: url.host, registry: client, prefix, namespaces, isFallback };
  });
  return {
    upstreams,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
    },
  };
}

function configsOf({ remoteurl, upstreams, ...rest }: ProxyConfig): readonly UpstreamConfig[] {
  if (remoteurl === undefined) return upstreams;
  const { username, password, exec } = rest;
  return [{ remoteurl, username, password, exec }, ...upstreams];
}

const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** A single upstream answers for whatever namespace, as distribution's does. */
function defaultNamespaces({ upstreams }: ProxyConfig, { host }: URL): readonly string[] {
  if (upstreams.length === 0) return [];
  return DOCKER_HUB.has(host) ? ['docker.io'] : [host];
}

interface ConnectOptions {
  readonly decoder: ManifestDecoder;
  readonly logger: Logger;
  readonly url: URL;
}

function connect(config: UpstreamConfig, { decoder, logger, url }: ConnectOptions): RegistryClient {
  const registry = new URL(url);
  // They are for the keychain alone, and in no message.
  registry.username = registry.password = '';
  try {
    return createRegistryClient({
      registry,
      decoder,
      credentials: keychainOf(config, url, logger),
      userAgent: `purser/${packageVersion()}`,
      // Who writes http means it, as in distribution.
      insecure: url.protocol === 'http:',
    });
  } catch (error) {
    throw new StartError(`proxy: cannot pull from ${url.host}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function keychainOf({ exec, ...config }: UpstreamConfig, url: URL, logger: Logger): Keychain {
  const username = config.username ?? decodeURIComponent(url.username);
  const password = config.password ?? decodeURIComponent(url.password);
  const isKnown = username !== '' && password !== '';
  if (exec === undefined) {
    return { credentials: async () => (isKnown ? { username, password } : undefined) };
  }
  return {
    async credentials(host, options) {
      try {
        return await askCredentialHelper(exec.command, host, options);
      } catch (error) {
        logger.warn(`no credentials for ${host}: it is asked without`, describeError(error));
        return undefined;
      }
    },
  };
}
