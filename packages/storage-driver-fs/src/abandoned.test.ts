import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTemporaryDriver } from './fixtures/temporary-root.ts';

const TEMPORARY = 'link.0a1b2c3d-0000-4000-8000-000000000000.tmp';

describe('what a killed process left', () => {
  it('is found by its temporary name when it is old enough, and can be deleted', async () => {
    const { driver, root } = await createTemporaryDriver();
    await driver.putContent('/a/b/link', Buffer.from('content'));
    await writeFile(join(root, 'a/b', TEMPORARY), 'half');
    await utimes(join(root, 'a/b', TEMPORARY), 1000, 1000);
    const list = async (before: Date) => {
      const paths: string[] = [];
      for await (const { path } of driver.listAbandoned!('/', { before })) paths.push(path);
      return paths;
    };
    expect(await list(new Date(1_000_000))).toEqual([]);
    expect(await list(new Date(1_000_001))).toEqual([`/a/b/${TEMPORARY}`]);
    await driver.delete(`/a/b/${TEMPORARY}`);
    expect(await list(new Date())).toEqual([]);
    expect(await driver.stat('/a/b/link')).toBeDefined();
  });

  it('is nothing below a directory that is missing', async () => {
    const { driver } = await createTemporaryDriver();
    for await (const file of driver.listAbandoned!('/none', { before: new Date() })) {
      expect.unreachable(file.path);
    }
  });
});
