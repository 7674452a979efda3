import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { scriptedAccess } from './fixtures/scripted-access.ts';
import { serve } from './fixtures/serve.ts';
import { CONTENT, DIGEST } from './fixtures/upload-requests.ts';

// A registry must not hand a blob to whoever knows its digest.
describe('CVE-2024-39897: mounting what the caller may not pull', () => {
  const rights = ['repository:mine:pull', 'repository:mine:push', 'repository:open:pull'];
  const mount = (url: string, query: string) =>
    fetch(`${url}/v2/mine/blobs/uploads/?mount=${DIGEST}${query}`, { method: 'POST' });

  // Clients name repositories that they may not pull, and some that never existed: a refusal would end their push.
  it.each([false, true])(
    'from a named repository begins an upload, which never tells whether it has the blob (denied: %j)',
    async (denies) => {
      await using server = await serve({ access: scriptedAccess({ rights, denies }) });
      await server.repository('secret').blobs.put(CONTENT);
      const answers = [];
      for (const source of ['secret', 'empty', 'mine/../secret', 'no/such']) {
        const answer = await mount(server.url, `&from=${source}`);
        answers.push(answer.status, answer.headers.get('location') !== null, await answer.text());
      }
      expect(answers).toEqual(Array.from({ length: 4 }, () => [202, true, '']).flat());
      expect(await server.repository('mine').blobs.stat(DIGEST)).toBeUndefined();
    },
  );

  it('is refused to a caller who may not push to the target, whatever the source', async () => {
    const access = scriptedAccess({ rights: ['repository:mine:pull', 'repository:open:pull'] });
    await using server = await serve({ access });
    await server.repository('open').blobs.put(CONTENT);
    for (const query of ['', '&from=open', '&from=secret']) {
      expect((await mount(server.url, query)).status).toBe(401);
    }
  });

  it('without a name finds nothing, as if it were not there', async () => {
    await using server = await serve({ access: scriptedAccess({ rights }) });
    await server.repository('secret').blobs.put(CONTENT);
    const absent = await fetch(
      `${server.url}/v2/mine/blobs/uploads/?mount=${digestOf(Buffer.from('absent'))}`,
      { method: 'POST' },
    );
    const response = await mount(server.url, '');
    expect([response.status, absent.status]).toEqual([202, 202]);
    expect(await server.repository('mine').blobs.stat(DIGEST)).toBeUndefined();
  });

  it('finds it where the caller may pull', async () => {
    await using server = await serve({ access: scriptedAccess({ rights }) });
    await server.repository('secret').blobs.put(CONTENT);
    await server.repository('open').blobs.put(CONTENT);
    expect((await mount(server.url, '')).status).toBe(201);
    expect((await mount(server.url, '&from=open')).status).toBe(201);
  });
});
