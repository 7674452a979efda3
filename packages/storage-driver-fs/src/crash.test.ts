import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StorageDriver } from '@purser/storage-driver';
import { expect, it } from 'vitest';
import { createTemporaryDriver } from './fixtures/temporary-root.ts';
import { isWhole, WHOLE_FILES } from './fixtures/whole-files.ts';

const PROGRAM = fileURLToPath(new URL('fixtures/write-until-killed.ts', import.meta.url));
const KILLS = 20;

/** Between 0 and 1, the same in each run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function writeAndKill(root: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=@purser/source', PROGRAM, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  await setTimeout(afterMs);
  child.kill('SIGKILL');
  expect(await exit).toEqual([null, 'SIGKILL']);
}

async function tornFiles(driver: StorageDriver): Promise<string[]> {
  const torn: string[] = [];
  for await (const { path, isDirectory } of driver.walk('/')) {
    if (isDirectory || path.startsWith('/uploads/')) continue;
    if (!isWhole(await driver.getContent(path))) torn.push(path);
  }
  return torn;
}

it('leaves every file whole, the old or the new, whenever the process is killed', async () => {
  const { driver, root } = await createTemporaryDriver();
  const random = createRandom(20);
  for (let kill = 0; kill < KILLS; kill++) {
    await writeAndKill(root, random() * 60);
    expect(await tornFiles(driver)).toEqual([]);
  }
  for (const path of [...WHOLE_FILES.put, ...WHOLE_FILES.committed]) {
    expect(isWhole(await driver.getContent(path))).toBe(true);
  }
}, 180_000);
