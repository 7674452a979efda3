import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRepositoryName } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { createConfig, createLogger, createServer, startRegistry } from '../index.ts';

/** Records what a logger in JSON writes. */
function recordLog() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger(createConfig({ log: { formatter: 'json' } }).log, { write });
  return { lines, logger };
}

describe('the server', () => {
  it('tells of an unexpected failure once, with the request and every cause', async () => {
    await using directory = await createTemporaryDirectory();
    const { lines, logger } = recordLog();
    const storage = { filesystem: { rootdirectory: directory.path } };
    await using registry = await startRegistry({ storage, logger });
    await rm(join(directory.path, 'docker'), { recursive: true, force: true });
    await writeFile(join(directory.path, 'docker'), 'not a directory');
    const url = `${registry.url}/v2/image/blobs/uploads/`;
    const response = await fetch(url, { method: 'POST', headers: { Authorization: 'hunter2' } });
    expect(response.status).toBe(500);
    await response.text();
    await registry.close();

    const failures = lines.filter((line) => line['err.message'] !== undefined);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ level: 'error', msg: 'response completed with error' });
    expect(JSON.stringify(failures[0])).toContain('ENOTDIR');
    expect(failures[0]).toMatchObject({
      'http.request.id': response.headers.get('x-request-id'),
      'http.response.status': 500,
    });
    expect(lines.filter(({ msg }) => String(msg).startsWith('response completed'))).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('tells of a blob that breaks off, in the line of its request', async () => {
    await using directory = await createTemporaryDirectory();
    const { lines, logger } = recordLog();
    const storage = { filesystem: { rootdirectory: directory.path } };
    await using registry = await startRegistry({ storage, logger });
    const { blobs } = registry.registry.repository(parseRepositoryName('image'));
    const { digest } = await blobs.put(new Uint8Array(1024 * 1024));
    const hex = digest.slice('sha256:'.length);
    const path = `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
    await writeFile(join(directory.path, path), new Uint8Array(1024 * 1024).fill(1));
    const response = await fetch(`${registry.url}/v2/image/blobs/${digest}`);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
    await registry.close();
    const told = lines.filter((line) => 'http.response.status' in line);
    expect(told).toEqual([
      expect.objectContaining({
        level: 'error',
        'http.response.status': 200,
        'err.message': expect.any(String),
      }),
    ]);
  });

  it('tells in the log what the path of a request names', async () => {
    const { lines, logger } = recordLog();
    await using registry = await startRegistry({ logger, http: { prefix: '/registry' } });
    const url = `${registry.url}/registry/v2/team/app`;
    const upload = '0af76519-16cd-43dd-8448-eb211c80319c';
    for (const path of ['/manifests/latest', `/blobs/${EMPTY}`, `/blobs/uploads/${upload}`]) {
      await fetch(url + path);
    }
    await registry.close();
    const completed = lines.filter(({ msg }) => String(msg).startsWith('response completed'));
    expect(completed).toEqual([
      expect.objectContaining({ 'vars.name': 'team/app', 'vars.reference': 'latest' }),
      expect.objectContaining({ 'vars.name': 'team/app', 'vars.digest': EMPTY }),
      expect.objectContaining({ 'vars.name': 'team/app', 'vars.uuid': upload }),
    ]);
  });

  it('tells of damage in storage, and serves on', async () => {
    await using directory = await createTemporaryDirectory();
    const { lines, logger } = recordLog();
    const storage = { filesystem: { rootdirectory: directory.path } };
    await using registry = await startRegistry({ storage, logger });
    const uploads = `${registry.url}/v2/image/blobs/uploads/`;
    const { status } = await fetch(`${uploads}?digest=${EMPTY}`, { method: 'POST' });
    expect(status).toBe(201);
    const link = 'docker/registry/v2/repositories/image/_layers/sha256';
    await writeFile(join(directory.path, link, EMPTY.slice('sha256:'.length), 'link'), '');
    const response = await fetch(`${registry.url}/v2/image/blobs/${EMPTY}`);
    expect(response.status).toBe(404);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warning', path: expect.stringContaining('/link') }),
    );
  });

  it('lets go of everything when it cannot be made', async () => {
    await using directory = await createTemporaryDirectory();
    const { lines, logger } = recordLog();
    const outbox = { directory: join(directory.path, 'outbox') };
    const endpoints = [{ name: 'ours', url: 'http://127.0.0.1:1' }];
    const config = { notifications: { endpoints, outbox } };
    const missing = join(directory.path, 'missing.pem');
    const tls = { certificate: missing, key: missing };
    const broken = startRegistry({ ...config, http: { tls }, logger });
    await expect(broken).rejects.toThrow(`cannot use http.tls.certificate: ${missing}`);
    await using _registry = await startRegistry({ ...config, logger });
    // An outbox has one user.
    expect(JSON.stringify(lines)).not.toContain('outbox');
  });

  it('gives a slow client hours, and a silent one minutes', async () => {
    const { logger } = recordLog();
    const { http } = await createServer(createConfig(), { logger });
    expect(http.requestTimeout).toBe(0);
    expect(http.timeout).toBe(120_000);
    // Longer than the minute after which usual proxies let go.
    expect(http.keepAliveTimeout).toBeGreaterThan(60_000);
  });
});

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
