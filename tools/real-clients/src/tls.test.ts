import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CertificateAuthority,
  createContainerTools,
  needGoPrograms,
  needPrograms,
  type CertificateFiles,
  type ContainerTools,
} from '@purser/external-programs';
import {
  ContentSource,
  MemoryWatch,
  purser,
  Sandbox,
  withSettings,
  type RegistryProcess,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTlsCrane } from './artifact-tools.ts';
import { writeSampleFiles } from './sample-artifacts.ts';
import { buildSmallImage } from './sample-images.ts';

/** Building crane, where it is not there. */
const BUILD_LIMIT_MS = 900_000;
const MEBIBYTE = 1024 * 1024;

const programs = needPrograms('skopeo', 'podman', 'buildah', 'openssl');
const goPrograms = needGoPrograms('crane');

describe.skipIf(programs.isUnmet)(`clients over TLS${programs.note}`, () => {
  let sandbox: Sandbox;
  let tools: ContainerTools;
  let authority: CertificateAuthority;
  let server: CertificateFiles;
  let roots = 0;
  const folder = (name: string) => join(sandbox.folder, name);

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-tls-' });
    tools = createContainerTools(sandbox.folder);
    authority = await CertificateAuthority.create(sandbox.folder);
    server = await authority.issue({ name: 'server', usage: 'serverAuth' });
    await mkdir(folder('known'));
    await mkdir(folder('unknown'));
    const client = await authority.issue({ name: 'client', usage: 'clientAuth' });
    await copyFile(client.certificate, folder('known/client.cert'));
    await copyFile(client.key, folder('known/client.key'));
    for (const name of ['known', 'unknown']) {
      await copyFile(authority.certificate, folder(`${name}/ca.crt`));
    }
    await buildSmallImage(tools, { folder: sandbox.folder, layout: folder('layout') });
  });

  afterAll(() => sandbox[Symbol.asyncDispose]());

  function serve(settings: Readonly<Record<string, string>> = {}): Promise<RegistryProcess> {
    const all = {
      REGISTRY_HTTP_TLS_CERTIFICATE: server.certificate,
      REGISTRY_HTTP_TLS_KEY: server.key,
      REGISTRY_LOG_ACCESSLOG_DISABLED: 'false',
      ...settings,
    };
    return sandbox.start(withSettings(purser(), all), { root: `root-${roots++}` });
  }

  it('skopeo and podman push and pull with the certificates of --cert-dir, and not without', async () => {
    const { port } = await serve({
      REGISTRY_HTTP_TLS_CLIENTCAS: `[${authority.certificate}]`,
      REGISTRY_HTTP_TLS_CLIENTAUTH: 'require-and-verify-client-cert',
    });
    const image = `127.0.0.1:${port}/team/app:1`;
    const push = (name: string) =>
      tools.skopeo(
        'copy',
        `--dest-cert-dir=${folder(name)}`,
        `oci:${folder('layout')}`,
        `docker://${image}`,
      );
    await expect(push('unknown')).rejects.toThrow(/certificate|handshake|EOF|reset/i);
    await push('known');
    await tools.skopeo(
      'copy',
      `--src-cert-dir=${folder('known')}`,
      `docker://${image}`,
      `dir:${folder('copy')}`,
    );
    await tools.podman('pull', `--cert-dir=${folder('known')}`, image);
    await expect(tools.podman('pull', `--cert-dir=${folder('unknown')}`, image)).rejects.toThrow(
      /certificate|handshake|EOF|reset/i,
    );
  });

  it.skipIf(goPrograms.isUnmet)(
    `crane pushes and pulls over HTTP/2${goPrograms.note}`,
    async () => {
      const registry = await serve();
      const crane = await createTlsCrane(sandbox.folder, authority.certificate);
      await writeSampleFiles(sandbox.folder);
      const image = `127.0.0.1:${registry.port}/team/crane:1`;
      await crane('append', '--oci-empty-base', '--new_layer=layer.tar', `--new_tag=${image}`);
      await crane('validate', `--remote=${image}`);
      expect(registry.output).toMatch(/"PUT \/v2\/team\/crane\/manifests\/1 HTTP\/2.0" 201/);
      expect(registry.output).not.toContain('HTTP/1.1"');
    },
    BUILD_LIMIT_MS,
  );

  it('a blob of 100 MB goes in and comes out over HTTP/2, through little memory', async () => {
    const registry = await serve();
    const url = `https://127.0.0.1:${registry.port}/v2/team/large/blobs`;
    const { digest, path } = await writeLargeFile();
    const curl = async (...words: readonly string[]) => {
      const fixed = ['-sS', '--fail', '--http2', '--cacert', authority.certificate];
      return (await promisify(execFile)('curl', [...fixed, ...words])).stdout;
    };
    const dropped = ['-o', '/dev/null', '-w', '%{http_version} %{response_code}'];
    await curl('-o', '/dev/null', `${url.replace('/team/large/blobs', '/')}`);
    using memory = new MemoryWatch(registry.pid);
    const before = memory.current;
    const begun = await curl('-X', 'POST', '-D', '-', `${url}/uploads/`);
    const [, location] = /^location: (\S+)/im.exec(begun)!;
    const type = ['-H', 'Content-Type: application/octet-stream'];
    expect(await curl(...dropped, ...type, '-T', path, `${location}?digest=${digest}`)).toBe(
      '2 201',
    );
    await curl('-o', folder('pulled'), `${url}/${digest}`);
    const growth = Math.round((memory.peak - before) / MEBIBYTE);
    expect(await digestOf(folder('pulled'))).toBe(digest);
    expect(growth).toBeLessThan(100);
    process.stdout.write(`memory over HTTP/2: ${growth} MiB more than at rest\n`);
  });

  async function writeLargeFile() {
    const path = folder('large');
    await using file = await open(path, 'w');
    const name = { seed: 7, size: 100_000_000 };
    for (const chunk of new ContentSource(7).chunks(name)) await file.write(chunk);
    return { path, digest: await digestOf(path) };
  }

  async function digestOf(path: string): Promise<string> {
    const hash = createHash('sha256');
    await using file = await open(path);
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk);
    return `sha256:${hash.digest('hex')}`;
  }
});
