import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { startRegistry } from '../../start-registry.ts';

const answerOf = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, init);
  return [response.status, await response.text()];
};

describe('a registry whose health check fails', () => {
  it('refuses every request but the probes until it succeeds again', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'down');
    await using registry = await startRegistry({
      http: { debug: { addr: '127.0.0.1:0' } },
      health: { file: [{ file, interval: '10ms' }] },
    });
    const { url, debugUrl } = registry;
    const health = () => answerOf(`${debugUrl}/debug/health`);
    expect(await health()).toEqual([200, '{}']);
    await writeFile(file, '');
    await expect.poll(health).toEqual([503, JSON.stringify({ [file]: 'file exists' })]);
    for (const path of ['/v2/', '/', '/v2/app/tags/list', '/elsewhere']) {
      const response = await fetch(url + path);
      expect([response.status, await response.text()]).toEqual([503, REFUSAL]);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('docker-distribution-api-version')).toBeNull();
    }
    expect(await answerOf(`${url}/v2/`, { method: 'HEAD' })).toEqual([503, '']);
    expect(await answerOf(`${url}/livez`)).toEqual([200, 'ok\n']);
    expect(await answerOf(`${url}/readyz`)).toEqual([503, 'a health check fails\n']);
    await rm(file);
    await expect.poll(() => answerOf(`${url}/v2/`)).toEqual([200, '{}']);
    expect(await answerOf(`${url}/readyz`)).toEqual([200, 'ok\n']);
  });

  it('names each check, without a password that its URI has', async () => {
    await using registry = await startRegistry({
      http: { debug: { addr: '127.0.0.1:0' } },
      health: {
        http: [{ uri: 'http://user:secret@127.0.0.1:1/', interval: '5ms', timeout: '1s' }],
        tcp: [{ addr: '127.0.0.1:1', interval: '5ms' }],
        storagedriver: { enabled: true, interval: '5ms' },
      },
    });
    const health = async () => (await fetch(`${registry.debugUrl}/debug/health`)).json();
    await expect.poll(health).toEqual({
      'http://***@127.0.0.1:1/': expect.stringMatching(/^no answer: /),
      '127.0.0.1:1': 'no connection: ECONNREFUSED',
    });
  });
});

/** As distribution answers. */
const REFUSAL =
  '{"errors":[{"code":"UNAVAILABLE","message":"service unavailable","detail":"health check failed: please see /debug/health"}]}\n';
