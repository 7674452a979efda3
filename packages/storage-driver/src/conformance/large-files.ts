import assert from 'node:assert/strict';
import type { StorageDriver } from '../driver.ts';
import type { Suite } from './suite.ts';

/** A prime, so that no chunk size divides it: bytes that are moved, lost or doubled do not match any more. */
const PERIOD = 1_048_573;
const CHUNK_SIZE = 256 * 1024;

/** How much the memory of the process may grow meanwhile, in bytes. Far below the size of the file. */
const MAXIMUM_GROWTH = 160 * 1024 * 1024;

export function describeLargeFiles(suite: Suite): void {
  suite.describe('large files', () => {
    suite.test(
      `writes and reads ${suite.largeFileBytes} bytes without holding them`,
      async (driver) => {
        const size = suite.largeFileBytes;
        const pattern = createPattern();
        const memory = new MemoryWatch();
        await writePattern(driver, { pattern, size, memory });
        assert.equal((await driver.stat('/large/file'))?.size, size);
        await assertPattern(driver, { pattern, size, memory });
        await assertEnd(driver, pattern, size);
        memory.check();
        await driver.delete('/large');
      },
      { needs: 'largeFiles' },
    );
  });
}

/** The period, and once more what a chunk that begins near its end goes on with. */
function createPattern(): Buffer {
  const pattern = Buffer.alloc(PERIOD + CHUNK_SIZE);
  let state = 1;
  for (let index = 0; index < PERIOD; index++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    pattern[index] = state >>> 16;
  }
  pattern.copyWithin(PERIOD, 0, CHUNK_SIZE);
  return pattern;
}

/** The most memory seen, compared with that at the start. */
class MemoryWatch {
  readonly #before = process.memoryUsage.rss();
  #most = 0;

  look(): void {
    this.#most = Math.max(this.#most, process.memoryUsage.rss());
  }

  check(): void {
    const growth = this.#most - this.#before;
    assert.ok(growth < MAXIMUM_GROWTH, `the process grew by ${growth} bytes`);
  }
}

interface LargeFile {
  readonly pattern: Buffer;
  readonly size: number;
  readonly memory: MemoryWatch;
}

async function writePattern(
  driver: StorageDriver,
  { pattern, size, memory }: LargeFile,
): Promise<void> {
  await using writer = await driver.openWriter('/large/file');
  for (let position = 0; position < size; position += CHUNK_SIZE) {
    const start = position % PERIOD;
    // Nobody changes the pattern, so a writer may keep it.
    await writer.write(pattern.subarray(start, start + Math.min(CHUNK_SIZE, size - position)));
    memory.look();
  }
  assert.equal(writer.size, size);
  await writer.commit();
}

async function assertPattern(
  driver: StorageDriver,
  { pattern, size, memory }: LargeFile,
): Promise<void> {
  let position = 0;
  for await (const chunk of await driver.openReader('/large/file')) {
    assertMatches(chunk as Buffer, pattern, position);
    position += (chunk as Buffer).byteLength;
    memory.look();
  }
  assert.equal(position, size);
}

async function assertEnd(driver: StorageDriver, pattern: Buffer, size: number): Promise<void> {
  const offset = Math.max(size - 1000, 0);
  let position = offset;
  for await (const chunk of await driver.openReader('/large/file', { offset })) {
    assertMatches(chunk as Buffer, pattern, position);
    position += (chunk as Buffer).byteLength;
  }
  assert.equal(position, size);
}

function assertMatches(chunk: Buffer, pattern: Buffer, position: number): void {
  for (let start = 0; start < chunk.byteLength; start += CHUNK_SIZE) {
    const piece = chunk.subarray(start, start + CHUNK_SIZE);
    const expected = (position + start) % PERIOD;
    const isSame = piece.compare(pattern, expected, expected + piece.byteLength) === 0;
    assert.ok(isSame, `the bytes from ${position + start} on are wrong`);
  }
}
