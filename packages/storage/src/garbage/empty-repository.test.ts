import { parseRepositoryName } from '@purser/core';
import { MemoryDriver, type Entry } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { observeCalls } from '../fixtures/recording-driver.ts';
import { removeEmptyDirectories } from './empty-repository.ts';

const name = parseRepositoryName('team/app');
const ROOT = '/docker/registry/v2/repositories/team/app/_manifests';

/** A driver that shows a tree: a path with a slash at its end is a directory. */
function showing(paths: readonly string[]) {
  const memory = new MemoryDriver();
  const written: string[] = [];
  const driver = {
    ...observeCalls(memory, (method, path) => {
      if (method !== 'walk') written.push(`${method} ${String(path).slice(ROOT.length)}`);
    }),
    async *walk(): AsyncIterable<Entry> {
      for (const path of paths) {
        const whole = `${ROOT}/${path}`.replace(/\/$/, '');
        const isDirectory = path.endsWith('/');
        yield { path: whole, name: whole.slice(whole.lastIndexOf('/') + 1), isDirectory };
      }
    },
  };
  return { driver, written };
}

describe('directories without files', () => {
  it('go, the innermost first', async () => {
    const { driver, written } = showing([
      'revisions/',
      'revisions/sha256/',
      'revisions/sha256/aa/',
      'revisions/sha256/bb/',
      'tags/',
    ]);
    await removeEmptyDirectories(driver, name);
    expect(written).toEqual(
      ['/revisions/sha256/aa', '/revisions/sha256/bb', '/tags'].flatMap((directory) => [
        `putContent ${directory}/empty`,
        `delete ${directory}/empty`,
      ]),
    );
  });

  it('go also when there is one alone', async () => {
    const { driver, written } = showing([]);
    await removeEmptyDirectories(driver, name);
    expect(written).toEqual(['putContent /empty', 'delete /empty']);
  });

  it('go with the file of a collector that died', async () => {
    const { driver, written } = showing(['revisions/', 'revisions/empty']);
    await removeEmptyDirectories(driver, name);
    expect(written).toEqual(['putContent /revisions/empty', 'delete /revisions/empty']);
  });

  it('stay where any file is', async () => {
    const { driver, written } = showing(['revisions/', 'tags/', 'tags/v1/', 'tags/v1/link']);
    await removeEmptyDirectories(driver, name);
    expect(written).toEqual([]);
  });

  it('are none where there is nothing', async () => {
    const driver = new MemoryDriver();
    await removeEmptyDirectories(driver, name);
    expect(await driver.stat(ROOT)).toBeUndefined();
  });
});
