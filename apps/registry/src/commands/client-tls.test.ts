import { CertificateAuthority, needPrograms } from '@purser/external-programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../fixtures/run-command.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import type { RunningRegistry } from '../index.ts';
import { startRegistry } from '../start-registry.ts';

const { isUnmet, note } = needPrograms('openssl');

let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let secure: RunningRegistry;
let plain: RunningRegistry;
let ca: string;
let run: (...words: readonly string[]) => ReturnType<typeof runCommand>;

const hostOf = ({ url }: RunningRegistry) => new URL(url).host;
const portOf = ({ url }: RunningRegistry) => new URL(url).port;

beforeAll(async () => {
  directory = await createTemporaryDirectory();
  run = (...words) => runCommand(words, { environment: { DOCKER_CONFIG: directory.path } });
  plain = await startRegistry();
  if (isUnmet) return;
  const authority = await CertificateAuthority.create(directory.path);
  ca = authority.certificate;
  secure = await startRegistry({
    http: { tls: await authority.issue({ name: 'server', usage: 'serverAuth' }) },
  });
});

afterAll(async () => {
  await secure?.close();
  await plain.close();
  await directory[Symbol.asyncDispose]();
});

describe.skipIf(isUnmet)(`a registry with TLS on this machine${note}`, { timeout: 60_000 }, () => {
  it.each([
    ['without an option, as docker does', []],
    ['with --insecure', ['--insecure']],
  ])('is used %s, whatever its certificate', async (_, options) => {
    const hosts = [hostOf(secure), `localhost:${portOf(secure)}`];
    for (const host of hosts) {
      expect(await run('ls', ...options, host)).toEqual({ status: 0, output: '', errors: '' });
    }
  });

  it('is used by its URL with --insecure or --ca, and else its certificate is refused', async () => {
    const url = `https://${hostOf(secure)}`;
    expect(await run('ls', '--insecure', url)).toMatchObject({ status: 0, errors: '' });
    expect(await run('ls', '--ca', ca, url)).toMatchObject({ status: 0, errors: '' });
    expect(await run('ls', '--ca', ca, hostOf(secure))).toMatchObject({ status: 0, errors: '' });
    const { status, errors } = await run('ls', url);
    expect(status).toBe(1);
    expect(errors).toMatch(/^purser: no TLS connection to https:.*with --ca <file>, or accept any/);
  });

  it('is used by references with https://', async () => {
    const { errors } = await run('inspect', '--insecure', `https://${hostOf(secure)}/a:1`);
    expect(errors).toBe('purser: there is no tag 1 in a\n');
  });
});

describe('a registry without TLS on this machine', { timeout: 60_000 }, () => {
  it('is used by its host and by http://, and refused by https://', async () => {
    const host = hostOf(plain);
    for (const words of [[host], ['--insecure', host], [`http://${host}`], [`${host}/`]]) {
      expect(await run('ls', ...words)).toEqual({ status: 0, output: '', errors: '' });
    }
    const { status, errors } = await run('ls', `https://${host}`);
    expect(status).toBe(1);
    expect(errors).toMatch(
      /catalog: wrong version number \(the server speaks no TLS: write http:\/\/ before the registry, or use --insecure\)\n$/,
    );
  });

  it('has advice for a name that it does not know', async () => {
    const { errors } = await run('ls', `${hostOf(plain)}/no/such`);
    expect(errors).toContain('list the repositories with purser ls <registry>');
  });
});

it('says that no registry is there', { timeout: 60_000 }, async () => {
  const { errors } = await run('ls', 'http://127.0.0.1:1');
  expect(errors).toMatch(
    /^purser: cannot reach http:.*is the registry there, and is its port right/,
  );
});
