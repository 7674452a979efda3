import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@purser/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../config/schema.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { startRegistry } from '../../start-registry.ts';

const LOOPBACK: ConfigInput = { http: { addr: '127.0.0.1:0' } };

const CONTENT = Buffer.from('content');

describe('a pull-through registry whose temporary directory cannot be written', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('fetches blobs through its root directory', async () => {
    await using directory = await createTemporaryDirectory();
    await using upstream = await startRegistry(LOOPBACK);
    const digest = digestOf(CONTENT);
    await fetch(`${upstream.url}/v2/team/app/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: CONTENT,
    });
    vi.stubEnv('TMPDIR', join(directory.path, 'missing'));
    await using proxy = await startRegistry({
      ...LOOPBACK,
      proxy: { remoteurl: upstream.url },
      storage: { filesystem: { rootdirectory: directory.path } },
    });
    const answer = await fetch(`${proxy.url}/v2/team/app/blobs/${digest}`);
    expect(answer.status).toBe(200);
    expect(digestOf(Buffer.from(await answer.arrayBuffer()))).toBe(digest);
    expect(await readdir(join(directory.path, 'purser', 'spool'))).toEqual([]);
  });

  it.each<[string, Partial<ConfigInput>]>([
    ['keeps content elsewhere', { storage: { inmemory: {} } }],
    ['names one', { proxy: { remoteurl: 'http://127.0.0.1:1', spooldirectory: '/dev/null/x' } }],
  ])('does not start when it %s', async (_, config) => {
    vi.stubEnv('TMPDIR', '/dev/null');
    const started = startRegistry({
      ...LOOPBACK,
      proxy: { remoteurl: 'http://127.0.0.1:1' },
      storage: { inmemory: {} },
      ...config,
    });
    await expect(started).rejects.toThrow(/cannot write fetched blobs to .*proxy.spooldirectory/);
  });
});
