import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from '../scenario.ts';
import type { AssaultReport } from './assault.ts';

/** The files of a session that can be resumed. */
const SESSION_FILES = ['data', 'startedat', 'received'];

/** Looks at what uploads left in the storage when they were cut off: their sessions, and no other file. */
export async function checkUploadsLeft(
  root: string,
  { answers }: AssaultReport,
): Promise<readonly string[]> {
  const begun = answers['202'] ?? 0;
  const folder = join(root, 'docker/registry/v2/repositories/hostile/image/_uploads');
  const sessions = await readdir(folder).catch(() => []);
  let bytes = 0;
  const strays: string[] = [];
  for (const session of sessions) {
    for (const name of await readdir(join(folder, session))) {
      if (name === 'data') bytes += (await stat(join(folder, session, name))).size;
      if (!SESSION_FILES.includes(name)) strays.push(join(session, name));
    }
  }
  say(`  left    ${sessions.length} sessions of uploads with ${bytes} bytes`);
  const failures: string[] = [];
  if (sessions.length !== begun) {
    failures.push(`${begun} uploads were begun, and ${sessions.length} can be resumed`);
  }
  if (bytes === 0) failures.push('no content of unfinished uploads is left');
  const [stray] = strays;
  if (stray !== undefined)
    failures.push(`${strays.length} files of no session; the first: ${stray}`);
  return failures;
}
