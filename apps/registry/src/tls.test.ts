import { execFile } from 'node:child_process';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import type { AccessController } from '@purser/core';
import {
  CertificateAuthority,
  needPrograms,
  type CertificateFiles,
} from '@purser/external-programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import type { ConfigInput, RunningRegistry } from './index.ts';
import { startRegistry } from './start-registry.ts';

type TlsInput = NonNullable<NonNullable<ConfigInput['http']>['tls']>;

const { isUnmet, note } = needPrograms('openssl');

interface Files {
  readonly authority: CertificateAuthority;
  readonly server: CertificateFiles;
  readonly client: CertificateFiles;
  readonly strange: CertificateFiles;
  /** Of the right authority, for the wrong use. */
  readonly misused: CertificateFiles;
}

let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let files: Files;

beforeAll(async () => {
  if (isUnmet) return;
  directory = await createTemporaryDirectory();
  const folder = directory.path;
  const [authority, stranger] = await Promise.all([
    CertificateAuthority.create(folder),
    CertificateAuthority.create(folder, 'stranger'),
  ]);
  const [server, client, strange, misused] = await Promise.all([
    authority.issue({ name: 'server', usage: 'serverAuth' }),
    authority.issue({ name: 'client', usage: 'clientAuth' }),
    stranger.issue({ name: 'strange', usage: 'clientAuth' }),
    authority.issue({ name: 'misused', usage: 'serverAuth' }),
  ]);
  files = { authority, server, client, strange, misused };
});
afterAll(() => directory?.[Symbol.asyncDispose]());

const serve = (tls: TlsInput = {}, http: Partial<ConfigInput['http'] & object> = {}) =>
  startRegistry({ http: { ...http, tls: { ...files.server, ...tls } } });

/** Asks as a program of its own does. @returns What `-w` says, or how curl ended. */
async function curl({ url }: RunningRegistry, ...options: readonly string[]): Promise<string> {
  const fixed = ['-sS', '--max-time', '20', '--cacert', files.authority.certificate];
  const told = ['-o', '/dev/null', '-w', '%{http_version} %{response_code}'];
  try {
    const all = [...fixed, ...told, ...options, `${url}/v2/`];
    return (await promisify(execFile)('curl', all)).stdout;
  } catch (error) {
    return `failed ${(error as { readonly code: number }).code > 0}`;
  }
}
const FAILED = 'failed true';

describe.skipIf(isUnmet)(`TLS${note}`, () => {
  it('is spoken with a certificate, in HTTP/2 and in HTTP/1.1', async () => {
    await using registry = await serve();
    expect(registry.url).toMatch(/^https:/);
    expect(await curl(registry)).toBe('2 200');
    expect(await curl(registry, '--http1.1')).toBe('1.1 200');
    expect(await curl(registry, '--no-alpn')).toBe('1.1 200');
  });

  it('offers no HTTP/2 when http.http2.disabled says so', async () => {
    await using registry = await serve({}, { http2: { disabled: true } });
    expect(await curl(registry)).toBe('1.1 200');
  });

  it.each(['--http2', '--http1.1'])('makes URLs of https, to a client with %s', async (version) => {
    await using registry = await serve();
    const { stdout } = await promisify(execFile)('curl', [
      version,
      '-sS',
      '--cacert',
      files.authority.certificate,
      '-X',
      'POST',
      '-D',
      '-',
      `${registry.url}/v2/a/blobs/uploads/`,
    ]);
    expect(stdout.toLowerCase()).toContain(`location: ${registry.url}/v2/a/blobs/uploads/`);
  });

  it.each<[NonNullable<TlsInput['minimumtls']>, string]>([
    ['tls1.2', '2 200'],
    ['tls1.3', FAILED],
  ])('of %s at least is spoken with a client of TLS 1.2 or not', async (minimumtls, expected) => {
    await using registry = await serve({ minimumtls });
    expect(await curl(registry, '--tls-max', '1.2')).toBe(expected);
    expect(await curl(registry, '--tlsv1.3')).toBe('2 200');
  });

  it('of versions before 1.2 is not spoken', async () => {
    await using registry = await serve();
    const old = ['--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'];
    expect(await curl(registry, ...old)).toBe(FAILED);
  });

  it('offers the cipher suites that are named, and those of TLS 1.3', async () => {
    const ciphersuites = ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'];
    await using registry = await serve({ ciphersuites });
    const other = ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384'];
    expect(await curl(registry, ...other)).toBe(FAILED);
    expect(await cipherOf(registry, 'TLSv1.2')).toBe('ECDHE-ECDSA-AES128-SHA');
    expect(await cipherOf(registry, 'TLSv1.3')).toBe('TLS_AES_256_GCM_SHA384');
  });

  it('of TLS 1.2 has forward secrecy by default', async () => {
    await using registry = await serve();
    const without = ['--tls-max', '1.2', '--ciphers', 'AES128-GCM-SHA256:AES256-SHA'];
    expect(await curl(registry, ...without)).toBe(FAILED);
    expect(await cipherOf(registry, 'TLSv1.2')).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
  });

  it('is not mistaken for HTTP in clear', async () => {
    await using registry = await serve();
    const clear = { ...registry, url: registry.url.replace('https', 'http') };
    expect(await curl(clear)).toBe('1.1 400');
  });
});

function connectTo({ url }: RunningRegistry, options: ConnectionOptions = {}) {
  const { hostname, port } = new URL(url);
  return connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options });
}

async function cipherOf(registry: RunningRegistry, version: 'TLSv1.2' | 'TLSv1.3') {
  const socket = connectTo(registry, { minVersion: version, maxVersion: version });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const { name } = socket.getCipher();
  socket.destroy();
  return name;
}

describe.skipIf(isUnmet)(`certificates of clients${note}`, () => {
  type Who = 'nobody' | 'client' | 'strange' | 'misused';
  const TAKEN: Readonly<Record<NonNullable<TlsInput['clientauth']>, readonly Who[]>> = {
    'request-client-cert': ['nobody', 'client', 'strange', 'misused'],
    'require-any-client-cert': ['client', 'strange', 'misused'],
    'verify-client-cert-if-given': ['nobody', 'client'],
    'require-and-verify-client-cert': ['client'],
  };
  const identify = (who: Who) => {
    if (who === 'nobody') return [];
    return ['--cert', files[who].certificate, '--key', files[who].key];
  };
  const everyone: readonly Who[] = ['nobody', 'client', 'strange', 'misused'];

  /** Who gets an answer; the connections of all others fail. */
  async function takenBy(tls: TlsInput, version: string): Promise<readonly Who[]> {
    await using registry = await serve({ clientcas: [files.authority.certificate], ...tls });
    const taken: Who[] = [];
    for (const who of everyone) {
      const answer = await curl(registry, ...identify(who), ...version.split(' '));
      if (answer !== FAILED) taken.push(who);
    }
    return taken;
  }

  const modes = Object.keys(TAKEN) as (keyof typeof TAKEN)[];
  const versions = ['--http2', '--http1.1', '--http2 --tls-max 1.2'];
  it.each(modes.flatMap((mode) => versions.map((version) => [mode, version] as const)))(
    'are taken as %s says, by curl %s',
    async (clientauth, version) => {
      expect(await takenBy({ clientauth }, version)).toEqual(TAKEN[clientauth]);
    },
  );

  it.each(['--http2', '--http1.1'])('reach an access controller, by curl %s', async (version) => {
    const seen: unknown[] = [];
    const access: AccessController = {
      async identify({ address, clientCertificate }) {
        const { certificate, isVerified } = clientCertificate ?? {};
        seen.push([address, certificate?.subject, isVerified]);
        return { refusalOf: () => undefined };
      },
    };
    const tls: TlsInput = {
      ...files.server,
      clientcas: [files.authority.certificate],
      clientauth: 'request-client-cert',
    };
    await using registry = await startRegistry({ access, http: { tls } });
    for (const who of ['nobody', 'client', 'strange'] as const) {
      expect(await curl(registry, ...identify(who), version)).not.toBe(FAILED);
    }
    expect(seen).toEqual([
      ['127.0.0.1', undefined, undefined],
      ['127.0.0.1', 'CN=client', true],
      ['127.0.0.1', 'CN=strange', false],
    ]);
  });

  it('are required and verified when only clientcas are named', async () => {
    expect(await takenBy({}, '--http2')).toEqual(['client']);
  });

  it('are not asked for without clientcas', async () => {
    await using registry = await serve({ clientauth: 'require-any-client-cert' });
    expect(await curl(registry)).toBe('2 200');
  });
});
