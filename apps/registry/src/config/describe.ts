import type { Config } from './schema.ts';
import { withoutUrlSecrets } from './url-secrets.ts';

/** What a server would do with a configuration, a line for each thing that matters first. */
export function describeConfig(config: Config): readonly string[] {
  return [
    `listens on ${addressOf(config.http)}`,
    `keeps content in ${placeOf(config.storage)}`,
    `lets in ${callersOf(config.auth)}`,
    ...upstreamsOf(config.proxy).map((upstream) => `pulls through ${upstream}`),
    ...endpointsOf(config.notifications).map((endpoint) => `tells ${endpoint} what happens`),
  ];
}

function addressOf({ listen, prefix = '' }: Config['http']): string {
  if (listen.kind === 'unix') return `the socket ${listen.path}`;
  if (listen.kind === 'inherited') return 'the socket of its parent';
  const { host, port } = listen;
  const shown = host === undefined ? 'every interface' : host;
  const path = `${prefix.replace(/\/$/, '')}/v2/`;
  return `${shown}, ${port === 0 ? 'a free port' : `port ${port}`}, and answers below ${path}`;
}

function placeOf({ driver, delete: deletion }: Config['storage']): string {
  const rule = deletion.enabled ? 'clients may delete' : 'clients may not delete';
  switch (driver.name) {
    case 'filesystem':
      return `the directory ${driver.rootdirectory}; ${rule}`;
    case 'gcs':
      return `the bucket ${driver.bucket}; ${rule}`;
    case 'inmemory':
      return `memory, until it ends; ${rule}`;
    case 'module':
      return `${driver.key}, by the driver ${driver.module}; ${rule}`;
  }
}

function callersOf(auth: Config['auth']): string {
  switch (auth.kind) {
    case 'none':
      return 'everyone, to do everything';
    case 'silly':
      return 'whoever sends any Authorization: for tests alone';
    case 'htpasswd': {
      const rules =
        auth.policy === undefined ? 'to do everything' : `by ${auth.policy.length} rules`;
      return `the users of ${auth.path}, ${rules}`;
    }
    case 'token':
      return `tokens of ${auth.issuer}, from ${withoutUrlSecrets(auth.realm)}`;
  }
}

function upstreamsOf({ remoteurl, upstreams }: Config['proxy']): readonly string[] {
  const further = upstreams.map(
    (upstream) => `${withoutUrlSecrets(upstream.remoteurl)} as ${upstream.prefix}`,
  );
  return remoteurl === undefined ? further : [withoutUrlSecrets(remoteurl), ...further];
}

function endpointsOf({ endpoints }: Config['notifications']): readonly string[] {
  return endpoints
    .filter(({ disabled }) => !disabled)
    .map(({ name, url }) => `${name} (${withoutUrlSecrets(url)})`);
}
