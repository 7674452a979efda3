import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfiguredPlace } from '@purser/registry-under-test';
import { createTokenKey, TokenServer } from './token-server.ts';

/** A configuration that is given to two registries as it is, file and environment. */
export interface ComparedConfiguration {
  readonly name: string;
  /** What stands below `storage`, besides the driver and its root directory. */
  readonly storage?: string;
  /** The driver, when it is not the file system. */
  readonly driver?: string;
  /** What stands below `http`, besides the address. */
  readonly http?: string;
  /** Other sections. */
  readonly sections?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The path below which the API is served. */
  readonly prefix?: string;
  /** Whether manifests with URLs are pushed. */
  readonly pushesUrls?: boolean;
  /** Whether what clients ask for is stored some time later. */
  readonly storesLater?: boolean;
  /** The status of the base from which on requests are compared. */
  readonly from?: number;
  /** Who asks, by what he sends as `Authorization`. */
  readonly callers?: Readonly<Record<string, string | undefined>>;
}

export function textOf(
  { storage = '', driver, http = '', sections = '' }: ComparedConfiguration,
  { rootDirectory, port }: ConfiguredPlace,
): string {
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  ${driver ?? `filesystem: { rootdirectory: ${JSON.stringify(rootDirectory)} }`}
  ${storage}
http:
  addr: 127.0.0.1:${port}
  secret: the same for both
  ${http}
${sections}
`;
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

/** `wonderland`, of cost 4. */
const HTPASSWD = 'alice:$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum\n';
const SERVICE = 'registry.example';
const ISSUER = 'auth.example';

/** Those whose sections say all. */
const PLAIN: readonly ComparedConfiguration[] = [
  { name: 'a directory' },
  { name: 'a prefix', http: 'prefix: /some/registry/', prefix: '/some/registry' },
  { name: 'relative URLs', http: 'relativeurls: true' },
  { name: 'a host', http: 'host: https://registry.example:8443' },
  {
    name: 'headers',
    http: "headers: { X-Content-Type-Options: [nosniff], X-Frame-Options: [DENY], Strict-Transport-Security: ['max-age=1'] }",
  },
  { name: 'deletion', storage: 'delete: { enabled: true }' },
  {
    name: 'read-only mode',
    storage: 'maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: true } }',
  },
  {
    name: 'a cache, and pages of two',
    storage: 'cache: { blobdescriptor: inmemory }',
    sections: 'catalog: { maxentries: 2 }',
  },
  {
    name: 'rules for URLs',
    pushesUrls: true,
    sections: `validation:
  manifests:
    urls: { allow: ['^https://([^/]+\\.)*example\\.com/'], deny: ['^https://www\\.example\\.com/'] }`,
  },
  {
    name: 'redirects',
    sections:
      'middleware: { storage: [{ name: redirect, options: { baseurl: "https://mirror.example" } }] }',
  },
  {
    name: 'everything by the environment',
    environment: {
      REGISTRY_STORAGE: 'inmemory',
      REGISTRY_STORAGE_DELETE_ENABLED: 'true',
      'REGISTRY_HTTP_HEADERS_X-Frame-Options': '[DENY]',
      REGISTRY_HTTP_RELATIVEURLS: 'true',
      REGISTRY_CATALOG_MAXENTRIES: '1',
    },
  },
  {
    name: 'silly access control',
    sections: 'auth: { silly: { realm: silly-realm, service: registry.example } }',
    callers: { nobody: undefined, anyone: 'Whatever' },
  },
];

/** The names of all, those first that need nothing else. */
export const COMPARED_NAMES: readonly string[] = [
  ...PLAIN.map(({ name }) => name),
  'htpasswd',
  'tokens',
  'a health check that fails',
  'pull-through',
];

export interface Surroundings extends AsyncDisposable {
  readonly configurations: readonly ComparedConfiguration[];
}

/** All of them, with the files and the servers that they name. */
export async function createConfigurations(
  folder: string,
  upstream: string,
): Promise<Surroundings> {
  const path = join(folder, 'htpasswd');
  await writeFile(path, HTPASSWD);
  const key = await createTokenKey(folder, 'RS256');
  const account = { user: 'alice', password: 'wonderland' };
  const server = await TokenServer.start({ service: SERVICE, issuer: ISSUER, ...account }, key);
  server.naming = 'x5c';
  const everything = [
    { type: 'repository', name: 'team/app', actions: ['pull', 'push', 'delete'] },
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ];
  const configurations = [
    ...PLAIN,
    {
      name: 'htpasswd',
      sections: `auth: { htpasswd: { realm: 'A realm', path: ${path} } }`,
      callers: {
        nobody: undefined,
        'a user': basic('alice:wonderland'),
        'a wrong password': basic('alice:x'),
      },
    },
    {
      name: 'tokens',
      sections: `auth: { token: { realm: 'https://auth.example/token', service: ${SERVICE}, issuer: ${ISSUER}, rootcertbundle: ${key.certificatePath} } }`,
      callers: { nobody: undefined, 'a token': `Bearer ${server.issue(everything)}` },
    },
    {
      name: 'a health check that fails',
      // The file is there, and should not be.
      sections: `health: { file: [{ file: ${path}, interval: 100ms }] }`,
      from: 503,
    },
    {
      name: 'pull-through',
      storesLater: true,
      sections: `proxy: { remoteurl: ${upstream} }`,
    },
  ];
  return { configurations, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
