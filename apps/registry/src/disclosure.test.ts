import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { PurserProcess } from './fixtures/purser-process.ts';
import { startRegistry } from './start-registry.ts';

const SECRET = 'hunter2';
/** Processes start slowly on a machine that is busy. */
const LIMIT_MS = 60_000;

describe('secrets in debug endpoints', { timeout: LIMIT_MS }, () => {
  it('are in none of them, nor in the headers of their answers', async () => {
    const url = `http://user:${SECRET}@127.0.0.1:9`;
    await using registry = await startRegistry({
      http: { debug: { addr: '127.0.0.1:0', prometheus: { enabled: true } }, secret: SECRET },
      redis: { addrs: ['127.0.0.1:9'], password: SECRET },
      storage: { inmemory: {}, cache: { blobdescriptor: 'redis' } },
      proxy: { remoteurl: 'http://127.0.0.1:9', username: 'user', password: SECRET },
      notifications: { endpoints: [{ name: 'listener', url, secret: SECRET }] },
      log: { fields: { token: SECRET } },
    });
    await fetch(`${registry.url}/v2/a/tags/list`, { headers: { Authorization: SECRET } });
    const paths = ['/debug/vars', '/debug/health', '/metrics', '/debug/', '/', '/debug/pprof/'];
    for (const path of paths) {
      const response = await fetch(registry.debugUrl + path);
      const told = JSON.stringify([...response.headers]) + (await response.text());
      expect(told).not.toContain(SECRET);
    }
  });

  it('are not at risk unless someone asks for a debug server', async () => {
    await using registry = await startRegistry();
    expect(registry.debugUrl).toBeUndefined();
    expect((await fetch(`${registry.url}/debug/vars`)).status).toBe(404);
  });
});

/** Tells of every connection that the process makes. */
const CONNECTION_TELLER = `data:text/javascript,${encodeURIComponent(
  `import net from 'node:net';
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...words) {
  process.stderr.write('CONNECTS ' + JSON.stringify(words[0]) + '\\n');
  return connect.apply(this, words);
};`,
)}`;

describe('tracing unasked', { timeout: LIMIT_MS }, () => {
  it('does not happen: a server that is told of nobody connects to nobody', async () => {
    await using directory = await createTemporaryDirectory();
    const told = { NODE_OPTIONS: `--import ${CONNECTION_TELLER}`, REGISTRY_LOG_LEVEL: 'info' };
    const environment = {
      ...told,
      REGISTRY_STORAGE: 'inmemory',
      REGISTRY_HTTP_ADDR: '127.0.0.1:0',
    };
    await using purser = new PurserProcess(['serve'], { cwd: directory.path, environment });
    const [url] = await purser.until(/http:\/\/[\d.:]+/);
    await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' });
    await fetch(`${url}/v2/_catalog`);
    purser.signal('SIGTERM');
    expect(await purser.exitStatus).toBe(0);
    expect(purser.errors).not.toContain('CONNECTS');
  });

  it('would be seen, by this test', async () => {
    await using directory = await createTemporaryDirectory();
    const environment = { NODE_OPTIONS: `--import ${CONNECTION_TELLER}` };
    const words = ['inspect', '127.0.0.1:9/a:1', '--insecure'];
    await using purser = new PurserProcess(words, { cwd: directory.path, environment });
    expect(await purser.until('CONNECTS')).toHaveLength(1);
  });
});
