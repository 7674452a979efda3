import type { Context } from 'koa';
import { describe, expect, it } from 'vitest';
import { onlyForNeighbours } from './only-for-neighbours.ts';

async function ask(path: string, remoteAddress: string | undefined) {
  const context = { path, socket: { remoteAddress }, status: 200 } as unknown as Context;
  let isAnswered = false;
  await onlyForNeighbours(/^\/debug\/vars/)(context, async () => void (isAnswered = true));
  return { isAnswered, status: context.status };
}

describe('onlyForNeighbours', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('answers %s', async (address) => {
    expect(await ask('/debug/vars', address)).toEqual({ isAnswered: true, status: 200 });
  });

  it.each(['10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '2001:db8::1'])(
    'refuses %s, but for paths that everyone may see',
    async (address) => {
      expect(await ask('/debug/vars', address)).toEqual({ isAnswered: false, status: 403 });
      expect(await ask('/debug/health', address)).toEqual({ isAnswered: true, status: 200 });
    },
  );
});
