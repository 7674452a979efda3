import { once } from 'node:events';
import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  CertificateAuthority,
  needPrograms,
  type CertificateFiles,
} from '@purser/external-programs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createConfig } from '../../config/load.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { createLogger } from '../../observe/logger.ts';
import { createHttpServer } from './http-server.ts';
import { listen } from './listen.ts';
import type { FollowedCertificates } from './followed-certificates.ts';

const { isUnmet, note } = needPrograms('openssl');
const PASSPHRASE = '-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----\n';

let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let authority: CertificateAuthority;
let first: CertificateFiles;
let second: CertificateFiles;

beforeAll(async () => {
  if (isUnmet) return;
  directory = await createTemporaryDirectory();
  authority = await CertificateAuthority.create(directory.path);
  [first, second] = await Promise.all([
    authority.issue({ name: 'first', usage: 'serverAuth' }),
    authority.issue({ name: 'second', usage: 'serverAuth' }),
  ]);
});
afterAll(() => directory?.[Symbol.asyncDispose]());

/** Where the server finds its files in each test. */
let folder: string;
let tests = 0;
beforeEach(async () => {
  if (isUnmet) return;
  folder = join(directory.path, `test-${++tests}`);
  await mkdir(folder);
});

const mounted = () => ({ certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') });

async function put(files: CertificateFiles, target: string): Promise<void> {
  await copyFile(files.certificate, join(target, 'tls.crt'));
  await copyFile(files.key, join(target, 'tls.key'));
}

async function start(tls: Partial<Parameters<typeof createConfig>[0] & object> = {}) {
  const lines: string[] = [];
  const { log } = createConfig();
  const logger = createLogger(log, { write: (line) => void lines.push(line) });
  const config = createConfig({ http: { tls: { ...mounted(), ...tls } } });
  const parts = {
    logger,
    handle: (_request: unknown, response: { end(text: string): void }) => response.end('ok'),
  };
  const server = await createHttpServer(config.http, parts);
  const url = await listen(server.http, { kind: 'tcp', host: '127.0.0.1', port: 0 });
  onTestFinished(async () => void (await server.close(0)));
  const followed = server.reloadable[0] as FollowedCertificates;
  const close = (timeoutMs: number) => server.close(timeoutMs);
  const port = Number(new URL(url).port);
  return { lines, config, followed, close, http: server.http as Server, port };
}

async function open({ port }: { readonly port: number }): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function servedBy(server: { readonly port: number }): Promise<string> {
  return (await open(server)).getPeerX509Certificate()!.subject.replace('CN=', '');
}

describe.skipIf(isUnmet)(`certificates of a running server${note}`, () => {
  it('are followed when their files are renamed into place, and open connections go on', async () => {
    await put(first, folder);
    const server = await start();
    const socket = await open(server);
    await mkdir(join(folder, 'new'));
    await put(second, join(folder, 'new'));
    await rename(join(folder, 'new/tls.crt'), mounted().certificate);
    await rename(join(folder, 'new/tls.key'), mounted().key);
    await server.followed.look();
    expect(await servedBy(server)).toBe('second');
    expect(server.lines.join('')).toContain('certificates have changed');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String(await once(socket, 'data'))).toContain('200 OK');
  });

  it('are followed when a link to their directory is, as Kubernetes does it', async () => {
    for (const [name, files] of [
      ['1', first],
      ['2', second],
    ] as const) {
      await mkdir(join(folder, name));
      await put(files, join(folder, name));
    }
    await symlink('1', join(folder, '..data'));
    await symlink('..data/tls.crt', mounted().certificate);
    await symlink('..data/tls.key', mounted().key);
    const server = await start();
    expect(await servedBy(server)).toBe('first');
    await symlink('2', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await server.followed.look();
    expect(await servedBy(server)).toBe('second');
  });

  it('are looked at by themselves', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    await put(first, folder);
    const server = await start();
    const changed = vi.spyOn(server.http, 'setSecureContext');
    await put(second, folder);
    vi.advanceTimersByTime(10_000);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledOnce(), { timeout: 4000 });
  });

  it('stay those of before while the new ones cannot be used, which is told once, when it lasts', async () => {
    await put(first, folder);
    const server = await start();
    await copyFile(second.certificate, mounted().certificate);
    await server.followed.look();
    expect(server.lines.join('')).toBe('');
    for (let times = 0; times < 3; times++) await server.followed.look();
    expect(server.lines).toHaveLength(1);
    expect(server.lines[0]).toContain('cannot use the changed certificates, those of before stay');
    expect(server.lines[0]).toContain('the key does not fit the certificate');
    expect(await servedBy(server)).toBe('first');
    await copyFile(second.key, mounted().key);
    await server.followed.look();
    expect(await servedBy(server)).toBe('second');
  });

  it('are refused by a reload when they are broken, and those of before stay', async () => {
    await put(first, folder);
    const server = await start();
    await writeFile(mounted().certificate, '');
    await expect(server.followed.prepare(server.config)).rejects.toThrow('there is no certificate');
    await rm(mounted().key);
    await put(first, folder);
    expect(await servedBy(server)).toBe('first');
  });

  it('take other paths with a reload, and not another answer to who may come', async () => {
    await put(first, folder);
    const server = await start();
    const changedTo = (tls: object) => createConfig({ http: { tls: { ...mounted(), ...tls } } });
    (await server.followed.prepare(changedTo(second))).takeEffect();
    expect(await servedBy(server)).toBe('second');
    const clientcas = [authority.certificate];
    await expect(server.followed.prepare(changedTo({ clientcas }))).rejects.toThrow(
      'takes a restart',
    );
    await expect(server.followed.prepare(createConfig())).rejects.toThrow('takes a restart');
  });

  it('are told of when they end soon, and again when they have ended', async () => {
    await put(first, folder);
    const { validToDate } = (await open(await start())).getPeerX509Certificate()!;
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const DAY = 86_400_000;
    vi.setSystemTime(validToDate.getTime() - 8 * DAY);
    const server = await start();
    await server.followed.look();
    expect(server.lines).toEqual([]);
    vi.setSystemTime(validToDate.getTime() - 6 * DAY);
    await server.followed.look();
    await server.followed.look();
    expect(server.lines).toHaveLength(1);
    expect(server.lines[0]).toContain('the certificate expires at');
    vi.setSystemTime(validToDate.getTime() + 1000);
    await server.followed.look();
    expect(server.lines[1]).toContain('the certificate has expired at');
  });
});

describe.skipIf(isUnmet)(`a server does not start${note}`, () => {
  it.each<[string, () => object, RegExp]>([
    [
      'without a file',
      () => ({ certificate: '/nowhere' }),
      /certificate: \/nowhere: there is no such file/,
    ],
    [
      'with a key in place of a certificate',
      () => ({ certificate: first.key }),
      /there is no certificate/,
    ],
    [
      'with a certificate in place of a key',
      () => ({ key: first.certificate }),
      /there is no key in it/,
    ],
    ['with the key of another certificate', () => ({ key: second.key }), /the key does not fit/],
    [
      'with an encrypted key',
      () => ({ key: join(folder, 'encrypted') }),
      /encrypted.*openssl pkey/,
    ],
    ['with a directory of authorities', () => ({ clientcas: [folder] }), /it is a directory/],
    [
      'with authorities that are none',
      () => ({ clientcas: [first.key] }),
      /clientcas: .*no certificate/,
    ],
  ])('%s', async (_name, tls, reason) => {
    await put(first, folder);
    await writeFile(join(folder, 'encrypted'), PASSPHRASE);
    const starting = start(tls());
    await expect(starting).rejects.toThrow(reason);
    await expect(starting).rejects.toMatchObject({ name: 'StartError' });
    expect(await readFile(first.key, 'utf8')).toContain('PRIVATE KEY');
  });
});

describe.skipIf(isUnmet)(`draining connections of TLS${note}`, () => {
  it('ends those whose handshake is not over at once', async () => {
    await put(first, folder);
    const server = await start();
    const silent = connect(server.port, '127.0.0.1');
    await once(silent, 'connect');
    const established = await open(server);
    const ends = Promise.all([once(silent, 'close'), once(established.resume(), 'close')]);
    await vi.waitFor(async () => expect(await connectionsOf(server.http)).toBe(2));
    expect(await server.close(60_000)).toBe(true);
    await ends;
  });
});

function connectionsOf(http: Server): Promise<number> {
  return new Promise((resolve) => http.getConnections((_error, count) => resolve(count)));
}
