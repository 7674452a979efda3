import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOrBuild, type Run } from '@purser/external-programs';
import { purser } from '@purser/registry-under-test';

/** oras, working in a folder and leaving no trace outside it. @throws Error when it is not there and cannot be built. */
export async function createOras(folder: string): Promise<Run> {
  return program(await findOrBuild('oras'), folder);
}

/** crane, in the same way, speaking HTTP without TLS. */
export async function createCrane(folder: string): Promise<Run> {
  return program(await findOrBuild('crane'), folder, ['--insecure']);
}

/** crane, in the same way, over TLS with servers whose certificates an authority signed. */
export async function createTlsCrane(folder: string, authority: string): Promise<Run> {
  return program('env', folder, [`SSL_CERT_FILE=${authority}`, await findOrBuild('crane')]);
}

/** The command of this workspace, in the same way. */
export function createPurser(folder: string): Run {
  const { command, parameters } = purser();
  return program(
    command,
    folder,
    parameters.filter((word) => word !== 'serve'),
  );
}

function program(command: string, folder: string, settings: readonly string[] = []): Run {
  const surroundings = {
    cwd: folder,
    // All of them would look for credentials at home.
    env: { ...process.env, DOCKER_CONFIG: join(folder, 'docker') },
    maxBuffer: 16 * 1024 * 1024,
  };
  return async (...words) => {
    const { stdout } = await promisify(execFile)(command, [...settings, ...words], surroundings);
    return stdout.trim();
  };
}
