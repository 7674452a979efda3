import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface UploadsLeft {
  readonly sessions: number;
  /** Of all of them. */
  readonly bytes: number;
  /** What is neither content nor a part of a session. */
  readonly strays: readonly string[];
}

/** What slow uploads left behind in the storage when they were cut off. */
export async function uploadsLeft(root: string): Promise<UploadsLeft> {
  const folder = join(root, 'docker/registry/v2/repositories/siege/slow/_uploads');
  const sessions = await readdir(folder).catch(() => []);
  let bytes = 0;
  const strays: string[] = [];
  for (const session of sessions) {
    for (const name of await readdir(join(folder, session))) {
      if (name === 'data') bytes += (await stat(join(folder, session, name))).size;
      else if (!['startedat', 'received'].includes(name)) strays.push(join(session, name));
    }
  }
  return { sessions: sessions.length, bytes, strays };
}
