import type { Registry } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/answers.ts';
import { pushImage } from '../fixtures/push-image.ts';
import { serve } from '../fixtures/serve.ts';

const remove = (url: string) => fetch(url, { method: 'DELETE' });

function withoutRemover(registry: Registry): Registry {
  return {
    repositories: (options) => registry.repositories(options),
    repository: (name) => ({ ...registry.repository(name), remover: undefined }),
  };
}

describe('DELETE /v2/<name>/', () => {
  it('answers 202, and the repository is gone', async () => {
    const registry = createMemoryRegistry();
    await using server = await serve({ registry });
    await pushImage(server.repository('a/b'));
    expect((await remove(`${server.url}/v2/a/b/`)).status).toBe(202);
    expect((await fetch(`${server.url}/v2/a/b/tags/list`)).status).toBe(404);
    const again = await remove(`${server.url}/v2/a/b/`);
    expect([again.status, (await errorOf(again)).code]).toEqual([404, 'NAME_UNKNOWN']);
  });

  it('answers 405 where repositories cannot be removed', async () => {
    await using server = await serve({ registry: withoutRemover(createMemoryRegistry()) });
    const answer = await remove(`${server.url}/v2/a/`);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([405, 'UNSUPPORTED']);
  });

  it('answers 400 for what is no name', async () => {
    await using server = await serve();
    const answer = await remove(`${server.url}/v2/A/`);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'NAME_INVALID']);
  });

  it.each(['GET', 'PUT', 'OPTIONS'])('is an unknown endpoint by %s', async (method) => {
    await using server = await serve();
    expect((await fetch(`${server.url}/v2/a/`, { method })).status).toBe(404);
  });

  it('needs the last slash', async () => {
    await using server = await serve();
    expect((await remove(`${server.url}/v2/a`)).status).toBe(404);
  });
});
