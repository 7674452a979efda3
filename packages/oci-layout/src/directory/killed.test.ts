import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isDigest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { bytesOf, collect, decoder } from '../fixtures/sample-layout.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { openOciLayout } from './open-layout.ts';

const WRITER = fileURLToPath(new URL('../fixtures/endless-writer.ts', import.meta.url));

/** Runs a process that puts images until it has told of so many, and kills it in the midst of the next. */
async function writeUntilKilled(path: string, count: number): Promise<readonly string[]> {
  const words = ['--conditions=@purser/source', WRITER, path];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (told.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return told;
}

describe('an OCI layout whose writer is killed', () => {
  it('holds what was acknowledged, and nothing broken', { timeout: 60_000 }, async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'image');
    const acknowledged: string[] = [];
    for (const count of [1, 2, 3, 5, 8])
      acknowledged.push(...(await writeUntilKilled(path, count)));

    await using layout = await openOciLayout(path, { decoder });
    const tags = await collect(layout.tags.list());
    expect(acknowledged.length).toBeGreaterThanOrEqual(19);
    expect(acknowledged.filter((tag) => !tags.some((one) => one === tag))).toEqual([]);
    for (const tag of tags) {
      const digest = await layout.tags.get(tag);
      expect(digest !== undefined && isDigest(digest)).toBe(true);
      const { references } = await layout.manifests.get(digest!);
      for (const { descriptor } of references) {
        const content = await bytesOf(await layout.blobs.open(descriptor.digest));
        expect(content.byteLength).toBe(descriptor.size);
      }
    }
  });
});
