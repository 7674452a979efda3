import { digestOf, parseRepositoryName } from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { ContentDigester } from './content-digester.ts';
import { createRegistry } from './create-registry.ts';
import { chunksOf, decoder } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';
import { RunningDigests } from './running-digests.ts';
import { UploadAlgorithms } from './upload-algorithms.ts';

/** Pushes small blobs by sha512, and counts how often an upload was read again. */
function createPusher() {
  let reads = 0;
  const driver = observeCalls(new MemoryDriver(), (method) => {
    if (method === 'openReader') reads++;
  });
  const registry = createRegistry({ driver, decoder });
  return async (repository: string, options?: { algorithm: 'sha512' }) => {
    reads = 0;
    const content = Buffer.from(`${repository} ${Math.random()}`);
    const writer = await registry.repository(parseRepositoryName(repository)).blobs.create(options);
    await writer.append(chunksOf(content));
    await writer.commit(digestOf(content, 'sha512'));
    return reads;
  };
}

describe('memory of uploads', () => {
  it('holds the algorithm of the latest 1,000 repositories, and reads uploads to others again', async () => {
    const push = createPusher();
    for (let count = 0; count <= 1_000; count++) await push(`r${count}`, { algorithm: 'sha512' });
    expect(await push('r1000')).toBe(0);
    expect(await push('r0')).toBe(1);
  });

  it('holds no repository that is back at sha256', () => {
    const algorithms = new UploadAlgorithms();
    const name = parseRepositoryName('a');
    algorithms.remember(name, 'sha512');
    expect([algorithms.of(name), algorithms.size]).toEqual(['sha512', 1]);
    algorithms.remember(name, 'sha256');
    expect([algorithms.of(name), algorithms.size]).toEqual(['sha256', 0]);
  });

  it('holds nothing for uploads that have received nothing', () => {
    const digests = new RunningDigests();
    for (let id = 0; id < 100; id++) digests.keep(String(id), new ContentDigester());
    expect(digests.size).toBe(0);
    expect(digests.take('1', 0)?.size).toBe(0);
    digests.keep('announced', new ContentDigester('sha512'));
    expect(digests.take('announced', 0)?.announced).toBe('sha512');
  });

  it('holds the digests of the latest 5,000 uploads', () => {
    const digests = new RunningDigests();
    const digester = new ContentDigester('sha512');
    digester.update(Buffer.from('content'));
    for (let id = 0; id <= 5_000; id++) digests.keep(String(id), digester);
    expect(digests.size).toBe(5_000);
    expect(digests.take('0', digester.size)).toBeUndefined();
    expect(digests.take('1', digester.size)).toBe(digester);
  });
});
