import { deepEqual } from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeDriverConformance } from '@purser/storage-driver/conformance';
import { describe, it, vi } from 'vitest';
import { FilesystemDriver } from './driver.ts';

const MEBIBYTE = 1024 * 1024;

vi.setConfig({ testTimeout: 600_000 });

describeDriverConformance('filesystem', {
  describe,
  it,
  async createDriver() {
    const rootDirectory = await mkdtemp(join(tmpdir(), 'driver-'));
    return {
      driver: new FilesystemDriver({ rootDirectory }),
      async cleanUp() {
        const names = await readdir(rootDirectory, { recursive: true });
        await rm(rootDirectory, { recursive: true });
        deepEqual(
          names.filter((name) => name.endsWith('.tmp')),
          [],
        );
      },
    };
  },
  supports: { redirects: 'local files have no URL' },
  largeFileBytes: Number(process.env['LARGE_FILE_MIB'] ?? 256) * MEBIBYTE,
});
