import { RegistryError, type Caller } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { scriptedAccess } from './fixtures/scripted-access.ts';
import { serve } from './fixtures/serve.ts';

describe('admission', () => {
  it('ends with the work: before the answer is sent, and after a failure as well', async () => {
    const events: string[] = [];
    await using server = await serve({
      admit: ({ res }) => {
        events.push('admitted');
        return { [Symbol.dispose]: () => void events.push(`done, ended: ${res.writableEnded}`) };
      },
    });
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/a/tags/list`)).status).toBe(404);
    const once = ['admitted', 'done, ended: false'];
    expect(events).toEqual([...once, ...once]);
  });

  it('may take its time, or be refused', async () => {
    let ends = 0;
    await using server = await serve({
      async admit({ url }) {
        if (url.endsWith('list')) throw new RegistryError('TOOMANYREQUESTS');
        return { [Symbol.dispose]: () => void ends++ };
      },
    });
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/a/tags/list`)).status).toBe(429);
    expect(ends).toBe(1);
  });

  it('is told of the caller once the rights are checked', async () => {
    const callers: Caller[] = [];
    const access = scriptedAccess();
    await using server = await serve({ access, onCaller: (caller) => callers.push(caller) });
    await fetch(`${server.url}/v2/`);
    expect(callers).toHaveLength(1);
  });
});
