import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { createLogger } from '../../observe/logger.ts';
import { startRegistry } from '../../start-registry.ts';
import { StartError } from '../start-error.ts';

/** `wonderland`, of cost 4. */
const ALICE = 'alice:$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum';
const authorization = `Basic ${Buffer.from('alice:wonderland').toString('base64')}`;

it('the previous users log in while the password file is missing or malformed, and operators learn of it', async () => {
  await using directory = await createTemporaryDirectory();
  const path = join(directory.path, 'htpasswd');
  await writeFile(path, ALICE);
  const lines: string[] = [];
  const logger = createLogger(
    { level: 'info', formatter: 'json', fields: {}, accesslog: { disabled: true, probes: false } },
    { write: (line) => lines.push(line) },
  );
  const debug = { addr: '127.0.0.1:0', prometheus: { enabled: true } };
  const auth = { htpasswd: { realm: 'r', path } };
  await using registry = await startRegistry({ auth, logger, http: { debug } });
  const state = async () => {
    const { status } = await fetch(`${registry.url}/v2/`, { headers: { authorization } });
    const metrics = await (await fetch(`${registry.debugUrl}/metrics`)).text();
    return [status, /^purser_htpasswd_readable (\d)$/m.exec(metrics)?.[1]];
  };
  expect(await state()).toEqual([200, '1']);
  await rm(path);
  expect(await state()).toEqual([200, '0']);
  await expect(registry.reload()).rejects.toThrow(StartError);
  await writeFile(path, 'malformed');
  expect(await state()).toEqual([200, '0']);
  const told = lines.filter((line) => line.includes('the password file cannot be read'));
  expect(told).toHaveLength(1);
  await writeFile(path, ALICE);
  expect(await state()).toEqual([200, '1']);
});
