import type { FileWriter, StorageDriver } from '../driver.ts';

export const hello = Buffer.from('hello, storage');

/** Bytes without any pattern that a text could have: the same for the same size. */
export function bytesOf(size: number): Uint8Array {
  const content = new Uint8Array(size);
  let state = 0x9e3779b9 ^ size;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    content[index] = state >>> 24;
  }
  return content;
}

export function filled(size: number, letter: string): Buffer {
  return Buffer.alloc(size, letter);
}

/** Files with their own path as content. */
export async function putFiles(driver: StorageDriver, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) await driver.putContent(path, Buffer.from(path));
}

/** Writes a file through a writer and commits it. */
export async function writeFile(
  driver: StorageDriver,
  path: string,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  await using writer = await driver.openWriter(path);
  for (const chunk of chunks) await writer.write(chunk);
  await writer.commit();
}

/** Copies of the pieces of some bytes: a writer may keep what it is given. */
function* piecesOf(content: Uint8Array, size: number): Generator<Uint8Array, void> {
  for (let start = 0; start < content.byteLength; start += size) {
    yield content.slice(start, start + size);
  }
}

export async function writePieces(
  writer: FileWriter,
  content: Uint8Array,
  size: number,
): Promise<void> {
  for (const piece of piecesOf(content, size)) await writer.write(piece);
}
