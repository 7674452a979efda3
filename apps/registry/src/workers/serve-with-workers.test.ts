import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request, type IncomingMessage, type RequestOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { PurserProcess } from '../fixtures/purser-process.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';

const TWO_WORKERS = {
  REGISTRY_HTTP_ADDR: '127.0.0.1:0',
  REGISTRY_HTTP_WORKERS: '2',
  // Lines of requests say which worker answered.
  REGISTRY_LOG_LEVEL: 'debug',
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: 'root',
  REGISTRY_STORAGE_DELETE_ENABLED: 'true',
  REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: 'inmemory',
};

// Three processes start, on a machine that has other things to do as well.
const LONG = { timeout: 60_000 };

interface Served extends AsyncDisposable {
  readonly purser: PurserProcess;
  readonly url: string;
  /** Where content is kept. */
  readonly root: string;
}

async function serve(environment: Readonly<Record<string, string>> = {}): Promise<Served> {
  const directory = await createTemporaryDirectory();
  const purser = new PurserProcess(['serve'], {
    cwd: directory.path,
    environment: { ...TWO_WORKERS, ...environment },
  });
  const [, url] = await purser.until(/listening on (\S+) with 2 workers/);
  return {
    purser,
    url: url!,
    root: join(directory.path, 'root'),
    async [Symbol.asyncDispose]() {
      await purser[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A client with one connection, which is to one worker. */
class Client implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  send(path: string, options: RequestOptions = {}) {
    const call = request(new URL(path, this.#url), { agent: this.#agent, ...options });
    // Who is refused before he has sent everything may find the connection closed.
    call.on('error', () => {});
    return call;
  }

  async ask(path: string, options?: RequestOptions, body?: Uint8Array): Promise<Answer> {
    return answerOf(this.send(path, options).end(body));
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function answerOf(call: ReturnType<typeof request>): Promise<Answer> {
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const body = await buffer(response);
  return { status: response.statusCode!, headers: response.headers, body };
}

/** A client of the first worker, and one of the second. */
async function clientsOfBoth({ purser, url }: Served): Promise<readonly [Client, Client]> {
  const clients = new Map<string, Client>();
  for (let attempt = 0; clients.size < 2; attempt++) {
    const client = new Client(url);
    await client.ask(`/v2/?attempt=${attempt}`);
    const [, worker] = await purser.until(
      new RegExp(`uri="/v2/\\?attempt=${attempt}".* worker=(\\d)`),
    );
    if (!clients.has(worker!)) clients.set(worker!, client);
  }
  return [clients.get('0')!, clients.get('1')!];
}

async function pidOf(worker: number, { purser }: Pick<Served, 'purser'>): Promise<number> {
  const [, pid] = await purser.until(new RegExp(`worker ${worker} serves.* pid=(\\d+)`));
  return Number(pid);
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function begin(client: Client): Promise<string> {
  const { headers } = await client.ask('/v2/some/image/blobs/uploads/', { method: 'POST' });
  return new URL(headers.location!).pathname;
}

describe('a registry of two workers', LONG, () => {
  it('continues a page of the catalog that the other worker ended at a hidden repository', async () => {
    const policy = [{ repositories: ['open/**'], anonymous: true, allow: ['pull'] }];
    await using served = await serve({
      REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'r', path: 'htpasswd', policy } }),
    });
    const repositories = join(served.root, 'docker/registry/v2/repositories');
    for (let index = 0; index < 600; index++) {
      await mkdir(join(repositories, `hidden/r${index}/_manifests`), { recursive: true });
    }
    const [first, second] = await clientsOfBoth(served);
    const { headers } = await first.ask('/v2/_catalog?n=1');
    const [, path] = /^<(.+)>; rel="next"$/.exec(String(headers.link))!;
    const { status, body } = await second.ask(path!);
    expect(status).toBe(200);
    expect(JSON.parse(body.toString())).toEqual({ repositories: [] });
  });

  it('adds up the metrics of all', async () => {
    await using served = await serve({
      REGISTRY_HTTP_DEBUG_ADDR: '127.0.0.1:0',
      REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: 'true',
    });
    const [, metrics] = await served.purser.until(/metrics are at (\S+?)"/);
    const [first, second] = await clientsOfBoth(served);
    await first.ask('/v2/some/image/tags/list');
    await second.ask('/v2/some/image/tags/list');
    const text = await (await fetch(metrics!)).text();
    expect(text).toMatch(/registry_http_requests_total\{.*handler="tags".*\} 2$/m);
  });

  it('tells of the health checks that fail in each', async () => {
    await using served = await serve({
      REGISTRY_HTTP_DEBUG_ADDR: '127.0.0.1:0',
      REGISTRY_HEALTH_TCP: '[{ addr: "127.0.0.1:1", interval: 20ms }]',
    });
    const [, debug] = await served.purser.until(/debug server listening on (\S+?)"/);
    const health = async () => (await fetch(`${debug}/debug/health`)).json();
    await expect.poll(health).toEqual({ '127.0.0.1:1': 'no connection: ECONNREFUSED' });
  });

  it('is told of once, answers from both, and replaces one that dies', async () => {
    await using served = await serve();
    const { purser, url } = served;
    await purser.until('First image: .*\n');
    const [first, second] = await clientsOfBoth(served);
    expect((await first.ask('/v2/')).status).toBe(200);
    expect((await second.ask('/v2/')).status).toBe(200);
    expect(purser.errors.match(/listening on/g)).toHaveLength(1);
    expect(purser.output.match(/Ctrl-C stops/g)).toHaveLength(1);
    await purser.until(/^127\.0\.0\.1 - - \[.*\] "GET \/v2\/ HTTP\/1\.1" 200 2 "" ""$/m);

    process.kill(await pidOf(1, served), 'SIGKILL');
    await purser.until(
      /worker 1 ended \(SIGKILL\); another takes its place in 0\.2s[^]*worker 1 serves/,
    );
    expect((await new Client(url).ask('/v2/')).status).toBe(200);
    purser.signal('SIGTERM');
    expect(await purser.exitStatus).toBe(0);
  });

  it('lets requests of both finish, and ends with status 0', async () => {
    await using served = await serve();
    const transfers = [];
    for (const client of await clientsOfBoth(served)) {
      const transfer = client.send(await begin(client), {
        method: 'PATCH',
        headers: { 'Content-Length': 8, Expect: '100-continue' },
      });
      transfer.flushHeaders();
      await once(transfer, 'continue');
      transfers.push(transfer);
    }
    served.purser.signal('SIGTERM');
    await served.purser.until(/SIGTERM: stopping 2 workers, up to 30s/);
    const answers = await Promise.all(
      transfers.map((transfer) => answerOf(transfer.end('12345678'))),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(await served.purser.exitStatus).toBe(0);
  });

  it('accepts connections for http.draindelay, and tells probes of the end', async () => {
    await using served = await serve({ REGISTRY_HTTP_DRAINDELAY: '3s' });
    const probe = async () => (await new Client(served.url).ask('/readyz')).status;
    await expect.poll(probe).toBe(200);
    served.purser.signal('SIGTERM');
    await expect.poll(probe).toBe(503);
    const { status, headers } = await new Client(served.url).ask('/v2/');
    expect([status, headers.connection]).toEqual([200, 'close']);
    expect(await served.purser.exitStatus).toBe(0);
  });

  it('ends at once when it is signalled twice, with status 1', async () => {
    await using served = await serve();
    const [client] = await clientsOfBoth(served);
    const transfer = client.send(await begin(client), {
      method: 'PATCH',
      headers: { 'Content-Length': 8, Expect: '100-continue' },
    });
    transfer.flushHeaders();
    await once(transfer, 'continue');
    const cut = once(transfer, 'error');
    served.purser.signal('SIGTERM');
    await served.purser.until('SIGTERM: stopping 2 workers');
    served.purser.signal('SIGINT');
    expect(await served.purser.exitStatus).toBe(1);
    await cut;
  });

  it('tells once why it cannot start', async () => {
    await using directory = await createTemporaryDirectory();
    await using other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: {
        ...TWO_WORKERS,
        REGISTRY_LOG_LEVEL: 'info',
        REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
      },
    });
    expect(await purser.exitStatus).toBe(1);
    expect(purser.errors).toBe(
      `cannot listen on 127.0.0.1:${port}: another program listens there; choose another address with http.addr (REGISTRY_HTTP_ADDR=127.0.0.1:5001)\n`,
    );
  });

  it('gives up when none is left and none can be started', async () => {
    await using directory = await createTemporaryDirectory();
    const users = join(directory.path, 'htpasswd');
    await writeFile(users, '');
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: {
        ...TWO_WORKERS,
        REGISTRY_AUTH_HTPASSWD_REALM: 'r',
        REGISTRY_AUTH_HTPASSWD_PATH: users,
      },
    });
    await purser.until(/listening on/);
    await rm(users);
    await mkdir(users);
    for (const worker of [0, 1]) process.kill(await pidOf(worker, { purser }), 'SIGKILL');
    expect(await purser.exitStatus).toBe(1);
    expect(purser.errors).toMatch(
      /cannot use auth\.htpasswd\.path: .*: it is a directory[^]*worker \d could not start/,
    );
    expect(purser.errors).toContain('no worker can be started: giving up');
  });

  it('serves on a socket, also after a worker died', async () => {
    await using directory = await createTemporaryDirectory();
    const socketPath = join(directory.path, 'purser.sock');
    await using served = await serve({
      REGISTRY_HTTP_NET: 'unix',
      REGISTRY_HTTP_ADDR: socketPath,
    });
    const { purser } = served;
    process.kill(await pidOf(0, served), 'SIGKILL');
    await purser.until(/worker 0 ended/);
    for (let attempt = 0; attempt < 4; attempt++) {
      const { status } = await answerOf(request({ socketPath, path: '/v2/' }).end());
      expect(status).toBe(200);
    }
    purser.signal('SIGTERM');
    expect(await purser.exitStatus).toBe(0);
  });
});

describe('clients of different workers', LONG, () => {
  it('that write to one upload at the same moment go one after the other, and wait for nobody who died', async () => {
    await using served = await serve({ REGISTRY_LOG_ACCESSLOG_DISABLED: 'true' });
    const clients = await clientsOfBoth(served);
    for (let round = 0; round < 40; round++) {
      const [ender, other] = round % 2 === 0 ? clients : clients.toReversed();
      const content = randomBytes(100_000);
      const digest = digestOf(content);
      const upload = await begin(ender!);
      const ending = ender!.ask(`${upload}?digest=${digest}`, { method: 'PUT' }, content);
      const method = round % 4 < 2 ? 'PATCH' : 'DELETE';
      const disturbing = other!.ask(upload, { method }, method === 'PATCH' ? content : undefined);
      const [ended, disturbed] = await Promise.all([ending, disturbing]);
      // Of the two, whoever came second found no upload, or one with more in it.
      expect([201, 400, 404]).toContain(ended.status);
      expect([202, 204, 404]).toContain(disturbed.status);
      const blob = await other!.ask(`/v2/some/image/blobs/${digest}`);
      const found = blob.status === 404 ? undefined : digestOf(blob.body);
      expect(found).toBe(ended.status === 201 ? digest : undefined);
    }

    // A worker that dies gives back what it held.
    const [one, other] = clients;
    const upload = await begin(one);
    const transfer = one.send(upload, {
      method: 'PATCH',
      headers: { 'Content-Length': 8, Expect: '100-continue' },
    });
    transfer.flushHeaders();
    await once(transfer, 'continue');
    transfer.write('half');
    const range = async () => (await other.ask(upload)).headers.range;
    await expect.poll(range, LONG).toBe('0-3');
    const cancelled = other.ask(upload, { method: 'DELETE' });
    let isOver = false;
    void cancelled.then(() => (isOver = true));
    using third = new Client(served.url);
    expect((await third.ask('/v2/')).status).toBe(200);
    expect(isOver).toBe(false);
    process.kill(await pidOf(0, served), 'SIGKILL');
    expect((await cancelled).status).toBe(204);
  });
});
