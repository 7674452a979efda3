import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs a check in a new folder, which is removed at the end, and tells its outcome: what the check says that it found, or why
 * it failed, with the exit status 1.
 */
export async function checkInScratch(
  prefix: string,
  check: (folder: string) => Promise<string>,
): Promise<void> {
  await using scratch = await mkdtempDisposable(join(tmpdir(), prefix));
  try {
    process.stdout.write(`ok: ${await check(scratch.path)}\n`);
  } catch (error) {
    process.stdout.write(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
    process.exitCode = 1;
  }
}
