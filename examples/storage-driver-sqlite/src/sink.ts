import type { FileSink } from '@purser/storage-driver';
import type { FileTable, StoredNode } from './file-table.ts';

/** Bytes that are held before they are written: 1 MiB, which make one transaction. */
const HELD_SIZE = 1024 * 1024;

/** Appends to a file. Nothing is durable before `commit` or `close`, which then have one wait for the disk. */
export function createSink(
  files: FileTable,
  { id, size: initialSize }: Pick<StoredNode, 'id' | 'size'>,
): FileSink {
  let written = initialSize;
  let held: Uint8Array[] = [];
  let heldBytes = 0;

  const flush = (durable: boolean) => {
    const content = Buffer.concat(held);
    files.transaction(() => files.append(id, written, content), { durable });
    written += content.byteLength;
    held = [];
    heldBytes = 0;
  };

  return {
    initialSize,
    async write(content) {
      held.push(content);
      heldBytes += content.byteLength;
      if (heldBytes >= HELD_SIZE) flush(false);
    },
    commit: async () => flush(true),
    close: async () => flush(true),
    cancel: async () => files.transaction(() => files.remove(id)),
  };
}
