import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import {
  CertificateAuthority,
  needPrograms,
  type CertificateFiles,
} from '@purser/external-programs';
import { describe, expect, it } from 'vitest';
import { answerOf, Http2Client } from '../fixtures/http2-client.ts';
import { PurserProcess } from '../fixtures/purser-process.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';

const { isUnmet, note } = needPrograms('openssl');

// Three processes start, on a machine that has other things to do as well.
const LONG = { timeout: 60_000 };

const configured = ({ certificate, key }: CertificateFiles) => `version: 0.1
log: { level: debug }
storage: { filesystem: { rootdirectory: root } }
http:
  addr: 127.0.0.1:0
  workers: 2
  draintimeout: 60s
  tls: { certificate: ${certificate}, key: ${key} }
`;

async function serve() {
  const directory = await createTemporaryDirectory();
  const authority = await CertificateAuthority.create(directory.path);
  const first = await authority.issue({ name: 'first', usage: 'serverAuth' });
  const second = await authority.issue({ name: 'second', usage: 'serverAuth' });
  const path = join(directory.path, 'config.yml');
  const configure = (files: CertificateFiles) => writeFile(path, configured(files));
  await configure(first);
  const purser = new PurserProcess(['serve', path], { cwd: directory.path });
  const [, url] = await purser.until(/listening on (\S+) with 2 workers/);
  return {
    purser,
    url: url!,
    useSecond: () => configure(second),
    async [Symbol.asyncDispose]() {
      await purser[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

type Served = Awaited<ReturnType<typeof serve>>;

/** A connection of HTTP/2 to each of the workers, and the names in their certificates. */
async function clientsOfBoth({ purser, url }: Served, round: string) {
  const clients = new Map<string, { readonly client: Http2Client; readonly name: unknown }>();
  for (let attempt = 0; clients.size < 2; attempt++) {
    const client = await Http2Client.open(url);
    await client.ask('GET', `/v2/?${round}=${attempt}`);
    const line = new RegExp(`uri="/v2/\\?${round}=${attempt}".* worker=(\\d)`);
    const [, worker] = await purser.until(line);
    const { CN: name } = (client.session.socket as TLSSocket).getPeerCertificate().subject;
    if (clients.has(worker!)) client.session.destroy();
    else clients.set(worker!, { client, name });
  }
  return [...clients.values()];
}

describe.skipIf(isUnmet)(`two workers over TLS${note}`, LONG, () => {
  it('take new certificates at SIGHUP, both of them, and go on with who is there', async () => {
    await using served = await serve();
    const before = await clientsOfBoth(served, 'before');
    expect(before.map(({ name }) => name)).toEqual(['first', 'first']);
    await served.useSecond();
    served.purser.signal('SIGHUP');
    await served.purser.until(/certificates have changed[^]*certificates have changed/);
    const after = await clientsOfBoth(served, 'after');
    expect(after.map(({ name }) => name)).toEqual(['second', 'second']);
    for (const { client } of before) {
      expect((await client.ask('GET', '/v2/')).status).toBe(200);
    }
    for (const { client } of [...before, ...after]) client.session.destroy();
  });

  it('let uploads over HTTP/2 finish when they are stopped, and take no others', async () => {
    await using served = await serve();
    const clients = (await clientsOfBoth(served, 'first')).map(({ client }) => client);
    const uploads = [];
    for (const client of clients) {
      const { headers } = await client.ask('POST', '/v2/a/blobs/uploads/');
      const stream = client.begin('PATCH', new URL(headers.location!).pathname);
      stream.write('ab');
      await client.ping();
      uploads.push({ stream, answer: answerOf(stream), goaway: once(client.session, 'goaway') });
    }
    served.purser.signal('SIGTERM');
    for (const { goaway } of uploads) expect((await goaway)[0]).toBe(0);
    for (const { stream } of uploads) stream.end('cd');
    for (const { answer } of uploads) {
      const { status, headers } = await answer;
      expect([status, headers['range']]).toEqual([202, '0-3']);
    }
    for (const client of clients) await client.closed;
    expect(await served.purser.exitStatus).toBe(0);
  });
});
