import { once } from 'node:events';
import { createServer, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { readdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CertificateAuthority, needPrograms } from '@purser/external-programs';
import { describe, expect, it } from 'vitest';
import { PurserProcess } from '../fixtures/purser-process.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { packageVersion } from '../package-version.ts';

const ANY_PORT = { REGISTRY_HTTP_ADDR: '127.0.0.1:0' };
const IN_MEMORY = { ...ANY_PORT, REGISTRY_STORAGE: 'inmemory', REGISTRY_LOG_LEVEL: 'info' };

async function urlOf(purser: PurserProcess): Promise<string> {
  const [, url] = await purser.until(/(http:\/\/[\d.:]+)/);
  return url!;
}

/** An upload of which half has been sent. */
async function startTransfer(url: string): Promise<ClientRequest> {
  const session = await fetch(`${url}/v2/some/image/blobs/uploads/`, { method: 'POST' });
  const transfer = request(session.headers.get('location')!, {
    method: 'PATCH',
    headers: { 'Content-Length': 8, Expect: '100-continue' },
  });
  transfer.flushHeaders();
  await once(transfer, 'continue');
  transfer.write('half');
  return transfer;
}

async function answerOf(transfer: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(transfer, 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

describe('purser serve without a configuration', () => {
  it('says in two lines where it serves, from what, and how to push', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: ANY_PORT,
    });
    await purser.until('First image: .*\n');
    const address = new URL(await urlOf(purser)).host;
    expect(purser.output).toBe(
      `Purser ${packageVersion()} serves http://${address} from ./registry-data (Ctrl-C stops)\n` +
        `First image: podman push --tls-verify=false <image> ${address}/<name>` +
        `, or docker tag <image> ${address}/<name> && docker push ${address}/<name>\n`,
    );
    expect(purser.errors).toBe('');
    expect(await readdir(directory.path)).toEqual(['registry-data']);
  });

  it('answers the registry API, and nothing on the empty path', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: ANY_PORT,
    });
    const url = await urlOf(purser);
    const base = await fetch(`${url}/v2/`);
    expect([base.status, await base.text()]).toEqual([200, '{}']);
    const root = await fetch(`${url}/`);
    expect([root.status, await root.text()]).toEqual([200, '']);
    expect(root.headers.get('cache-control')).toBe('no-cache');
    expect(root.headers.get('docker-distribution-api-version')).toBeNull();
    const deletion = await fetch(`${url}/v2/a/manifests/latest`, { method: 'DELETE' });
    expect(deletion.status).toBe(405);
  });
});

const openssl = needPrograms('openssl');

describe.skipIf(openssl.isUnmet)(`purser serve with a certificate${openssl.note}`, () => {
  it('says https, and that it speaks TLS', async () => {
    await using directory = await createTemporaryDirectory();
    const authority = await CertificateAuthority.create(directory.path);
    const { certificate, key } = await authority.issue({ name: 'server', usage: 'serverAuth' });
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: {
        ...IN_MEMORY,
        REGISTRY_HTTP_TLS_CERTIFICATE: certificate,
        REGISTRY_HTTP_TLS_KEY: key,
      },
    });
    await purser.until('First image: .*\n');
    expect(purser.errors).toMatch(/msg="listening on https:\/\/127\.0\.0\.1:\d+, tls"/);
    expect(purser.output).toMatch(/serves https:\/\/127/);
    expect(purser.output).toMatch(/First image: podman push <image> 127/);
  });

  it('does not start with a key that does not fit, and says so in a line', async () => {
    await using directory = await createTemporaryDirectory();
    const authority = await CertificateAuthority.create(directory.path);
    const { certificate } = await authority.issue({ name: 'server', usage: 'serverAuth' });
    const { key } = await authority.issue({ name: 'other', usage: 'serverAuth' });
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: {
        ...IN_MEMORY,
        REGISTRY_HTTP_TLS_CERTIFICATE: certificate,
        REGISTRY_HTTP_TLS_KEY: key,
      },
    });
    expect(await purser.exitStatus).toBe(1);
    expect(purser.errors).toMatch(/^cannot use http\.tls\.key: .*does not fit.*\n$/);
  });
});

describe('purser serve with a configuration', () => {
  it('serves what it says, and logs warnings and requests', async () => {
    await using directory = await createTemporaryDirectory();
    const file =
      'version: 0.1\nstorage: inmemory\nhttp:\n  addr: 127.0.0.1:0\n  prefix: /r\n  adr: x\n';
    await writeFile(join(directory.path, 'config.yml'), file);
    await using purser = new PurserProcess(['serve', 'config.yml'], { cwd: directory.path });
    await purser.until('listening on');
    const response = await fetch(`${await urlOf(purser)}/r/v2/?a=%22`, {
      headers: { 'User-Agent': 'te"st' },
    });
    expect(response.status).toBe(200);
    await purser.until('"GET');
    expect(purser.errors).toContain(
      'level=warning msg="config.yml:6:3: http.adr: unknown key, ignored; did you mean http.addr?"',
    );
    // The access log has the one line of the request.
    expect(purser.errors).not.toContain('response completed');
    expect(purser.output).toMatch(
      /^127\.0\.0\.1 - - \[.* \+0000\] "GET \/r\/v2\/\?a=%22 HTTP\/1\.1" 200 2 "" "te\\"st"\n$/,
    );
  });

  it('finds the file by the environment, and stays quiet when asked to', async () => {
    await using directory = await createTemporaryDirectory();
    const file =
      'version: 0.1\nstorage: inmemory\nlog: { formatter: json, accesslog: { disabled: true } }\n';
    await writeFile(join(directory.path, 'c.yml'), file);
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: { ...ANY_PORT, REGISTRY_CONFIGURATION_PATH: 'c.yml' },
    });
    await fetch(`${await urlOf(purser)}/v2/`);
    await purser.until('response completed');
    expect(purser.errors).toMatch(/"http\.request\.id":"[0-9a-f-]{36}"/);
    expect(JSON.parse(purser.errors.split('\n')[0]!)).toMatchObject({ level: 'info' });
    expect(purser.output).toBe('');
  });

  it('stops the start with every problem on a line', async () => {
    await using directory = await createTemporaryDirectory();
    const file = 'version: 0.1\nstorage: inmemory\nhttp:\n  adr: x\n  net: udp\n';
    await writeFile(join(directory.path, 'config.yml'), file);
    await using purser = new PurserProcess(['serve', 'config.yml'], {
      cwd: directory.path,
      environment: { REGISTRY_TAGS_MAXTAGS: 'many' },
    });
    expect(await purser.exitStatus).toBe(1);
    expect(purser.errors.split('\n')).toEqual([
      'config.yml:4:3: http.adr: unknown key, ignored; did you mean http.addr?',
      'config.yml:5:8: http.net: expected tcp or unix, found udp',
      'REGISTRY_TAGS_MAXTAGS: tags.maxtags: expected an integer, found many',
      '',
    ]);
    expect(purser.output).toBe('');
  });
});

describe('purser serve cannot start', () => {
  it('on an address that is taken, and says so in a line', async () => {
    await using directory = await createTemporaryDirectory();
    await using other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: { REGISTRY_HTTP_ADDR: `127.0.0.1:${port}` },
    });
    expect(await purser.exitStatus).toBe(1);
    expect(purser.errors).toBe(
      `cannot listen on 127.0.0.1:${port}: another program listens there; choose another address with http.addr (REGISTRY_HTTP_ADDR=127.0.0.1:5001)\n`,
    );
  });

  it('in a directory that is none, and says so in a line', async () => {
    await using directory = await createTemporaryDirectory();
    await writeFile(join(directory.path, 'registry-data'), '');
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: ANY_PORT,
    });
    expect(await purser.exitStatus).toBe(1);
    expect(purser.errors).toBe(
      'cannot keep content in ./registry-data: it is not a directory; choose another directory with storage.filesystem.rootdirectory (REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY)\n',
    );
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends an idle server with status 0',
    async (signal) => {
      await using directory = await createTemporaryDirectory();
      await using purser = new PurserProcess(['serve'], {
        cwd: directory.path,
        environment: IN_MEMORY,
      });
      await fetch(`${await urlOf(purser)}/v2/`);
      purser.signal(signal);
      expect(await purser.exitStatus).toBe(0);
    },
  );

  it('lets a slow transfer finish before the server ends with status 0', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: IN_MEMORY,
    });
    const url = await urlOf(purser);
    const transfer = await startTransfer(url);
    purser.signal('SIGTERM');
    await purser.until('SIGTERM: stopping, up to 30s for 1 running requests');
    const answers = () =>
      fetch(`${url}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      );
    await expect.poll(answers).toBe(false);
    transfer.end('half');
    const response = await answerOf(transfer);
    expect(response.statusCode).toBe(202);
    expect(response.headers.connection).toBe('close');
    expect(await purser.exitStatus).toBe(0);
  });

  it('is told to probes and clients for http.draindelay, in which connections are accepted', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: { ...IN_MEMORY, REGISTRY_HTTP_DRAINDELAY: '3s' },
    });
    const url = await urlOf(purser);
    const probe = async () => (await fetch(`${url}/readyz`)).status;
    await expect.poll(probe).toBe(200);
    purser.signal('SIGTERM');
    await expect.poll(probe).toBe(503);
    const answer = await fetch(`${url}/v2/`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await purser.exitStatus).toBe(0);
  });

  it('cuts transfers off at once when draintimeout is 0, with status 1', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: { ...IN_MEMORY, REGISTRY_HTTP_DRAINTIMEOUT: '0' },
    });
    const transfer = await startTransfer(await urlOf(purser));
    const cut = once(transfer, 'error');
    purser.signal('SIGTERM');
    expect(await purser.exitStatus).toBe(1);
    await cut;
  });

  it('given twice ends at once, with status 1', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: IN_MEMORY,
    });
    const transfer = await startTransfer(await urlOf(purser));
    const cut = once(transfer, 'error');
    purser.signal('SIGTERM');
    await purser.until('SIGTERM: stopping');
    purser.signal('SIGINT');
    expect(await purser.exitStatus).toBe(1);
    await cut;
  });
});

it('serves on a socket, replacing one that was left behind', async () => {
  await using directory = await createTemporaryDirectory();
  const socketPath = join(directory.path, 'purser.sock');
  const environment = { ...IN_MEMORY, REGISTRY_HTTP_NET: 'unix', REGISTRY_HTTP_ADDR: socketPath };
  await using killed = new PurserProcess(['serve'], { cwd: directory.path, environment });
  await killed.until('serves');
  killed.signal('SIGKILL');
  await killed.exitStatus;
  await using purser = new PurserProcess(['serve'], { cwd: directory.path, environment });
  await purser.until('serves');
  const call = request({ socketPath, path: '/v2/' }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  expect(await text(response)).toBe('{}');
});
