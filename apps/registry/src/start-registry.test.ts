import { readdir } from 'node:fs/promises';
import { parseRepositoryName } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import {
  ConfigurationError,
  createLogger,
  createConfig,
  startRegistry,
  StartError,
} from './index.ts';

describe('startRegistry', () => {
  it('serves a registry in memory in one line', async () => {
    await using registry = await startRegistry();
    const response = await fetch(`${registry.url}/v2/`);
    expect([response.status, await response.text()]).toEqual([200, '{}']);
  });

  it('gives the registry that it serves', async () => {
    await using registry = await startRegistry();
    const { blobs } = registry.registry.repository(parseRepositoryName('some/image'));
    const { digest } = await blobs.put(Buffer.from('content'));
    const response = await fetch(`${registry.url}/v2/some/image/blobs/${digest}`);
    expect(await response.text()).toBe('content');
  });

  it('serves two registries that know nothing of each other', async () => {
    await using one = await startRegistry();
    await using other = await startRegistry();
    const { blobs } = one.registry.repository(parseRepositoryName('image'));
    const { digest } = await blobs.put(Buffer.from('content'));
    const response = await fetch(`${other.url}/v2/image/blobs/${digest}`);
    expect(response.status).toBe(404);
  });

  it('takes the keys of the configuration file', async () => {
    await using directory = await createTemporaryDirectory();
    await using registry = await startRegistry({
      storage: { filesystem: { rootdirectory: directory.path } },
      http: { prefix: '/registry', headers: { 'X-Content-Type-Options': ['nosniff'] } },
    });
    const url = `${registry.url}/registry/v2/image/blobs/uploads/`;
    const response = await fetch(url, { method: 'POST' });
    expect(response.status).toBe(202);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await readdir(directory.path)).toEqual(['docker']);
  });

  it('is gone when it is closed, which may be said twice', async () => {
    const registry = await startRegistry();
    expect(await Promise.all([registry.close(), registry.close()])).toEqual([true, true]);
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow('fetch failed');
  });

  it('closes although an answer has not been read', async () => {
    const registry = await startRegistry();
    const { blobs } = registry.registry.repository(parseRepositoryName('image'));
    const { digest } = await blobs.put(new Uint8Array(8 * 1024 * 1024));
    await fetch(`${registry.url}/v2/image/blobs/${digest}`);
    expect(await registry.close()).toBe(false);
  });

  it('logs where it is told to', async () => {
    let output = '';
    const write = (line: string) => (output += line);
    const logger = createLogger(createConfig({ log: { level: 'info' } }).log, { write });
    await using registry = await startRegistry({ logger });
    await (await fetch(`${registry.url}/v2/`)).text();
    await registry.close();
    expect(output).toContain('msg="response completed"');
  });

  it('refuses a wrong option', async () => {
    await expect(startRegistry({ http: { addr: 'nowhere' } })).rejects.toThrow(ConfigurationError);
  });

  it('refuses an address that is taken', async () => {
    await using registry = await startRegistry();
    const { host } = new URL(registry.url);
    await expect(startRegistry({ http: { addr: host } })).rejects.toThrow(StartError);
  });
});
