import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { needNpmProgram, npmCommand } from '@purser/external-programs';
import { digestOf } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { TypedCommand } from './newcomer-checkout.ts';

const SERVED = /^fetch: (\S+)\nnode: (\S+)\n/m;
/** Programs run from the sources of this workspace. */
const RUNTIMES = [
  { name: 'bun', words: ['--conditions=@purser/source'] },
  { name: 'deno', words: ['run', '--allow-all', '--conditions=@purser/source'] },
] as const;

function start(name: 'bun' | 'deno', ...words: readonly string[]): TypedCommand {
  return new TypedCommand(
    [...npmCommand(name), ...words].join(' '),
    join(import.meta.dirname, '..'),
    {
      PATH: process.env['PATH'] ?? '',
    },
  );
}

/** A body that is sent without a length. */
function streamOf(content: Buffer) {
  return new Blob([Buffer.from(content)]).stream();
}

/** Pushes a blob in two steps and pulls it, whole and in part. */
async function pushAndPull(url: string, content: Buffer) {
  const begun = await fetch(`${url}/v2/served/image/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '');
  location.searchParams.set('digest', digestOf(content));
  const put = { method: 'PUT', body: streamOf(content), duplex: 'half' as const };
  const pushed = await fetch(location, put);
  const blob = pushed.headers.get('location') ?? '';
  const head = await fetch(blob, { method: 'HEAD' });
  const pulled = await fetch(blob);
  const part = await fetch(blob, { headers: { Range: 'bytes=5-9' } });
  return {
    origin: location.origin,
    length: head.headers.get('content-length'),
    isWhole: Buffer.from(await pulled.arrayBuffer()).equals(content),
    statuses: [begun, pushed, head, pulled, part].map(({ status }) => status),
    part: Buffer.from(await part.arrayBuffer()),
  };
}

describe.each(RUNTIMES)('a program of $name', ({ name, words }) => {
  const program = needNpmProgram(name);

  it.skipIf(program.isUnmet)(
    `serves a registry by its fetch API and by node:http${program.note}`,
    async () => {
      await using command = start(name, ...words, 'src/fixtures/serve.mjs');
      const [, byFetch = '', byNode = ''] = await command.until(SERVED);
      const content = randomBytes(20_000_000);
      for (const url of [byFetch, byNode]) {
        expect(await pushAndPull(url, content)).toEqual({
          origin: url,
          length: '20000000',
          isWhole: true,
          statuses: [202, 201, 200, 200, 206],
          part: content.subarray(5, 10),
        });
      }
    },
  );

  // Bun puts a module of its own in the place of undici, by which the client speaks.
  it.skipIf(program.isUnmet || name === 'bun')(
    `pushes an image and pulls it${program.note}${name === 'bun' ? ' [skipped: @purser/client needs undici, which Bun replaces]' : ''}`,
    async () => {
      await using server = start(name, ...words, 'src/fixtures/serve.mjs');
      const [, url = ''] = await server.until(SERVED);
      const address = new URL(url).host;
      await using client = start(name, ...words, 'src/fixtures/push-and-pull.mjs', address);
      const [line] = await client.until(/^pulled \d+ bytes$/m);
      expect(line).toBe('pulled 3000002 bytes');
    },
  );
});
