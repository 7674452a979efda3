import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Need } from './programs.ts';

/** The programs that tests here run and that Debian does not have, by command, with the package that `go install` takes. */
const PACKAGES = {
  crane: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1',
  oras: 'oras.land/oras/cmd/oras@v1.3.6',
} as const;

export type GoProgram = keyof typeof PACKAGES;

const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/go-programs');

/**
 * Looks for the programs that some tests run: on the path, where `go install` puts programs, and in the cache of this checkout.
 * With `PURSER_BUILD_PROGRAMS` or `PURSER_REQUIRE_PROGRAMS` at 1, it is enough that Go is there to build them.
 *
 * @throws Error when one is missing and `PURSER_REQUIRE_PROGRAMS` is 1: there a skip is a failure.
 */
export function needGoPrograms(...programs: readonly GoProgram[]): Need {
  const missing = programs.filter((program) => find(program) === undefined);
  if (missing.length === 0 || (mayBuild() && findIn(path(), 'go') !== undefined)) {
    return { isUnmet: false, note: '' };
  }
  const commands = missing.map((program) => `go install ${PACKAGES[program]}`).join(' && ');
  const note = `needs ${missing.join(', ')} (${commands}; or Go, and PURSER_BUILD_PROGRAMS=1)`;
  if (isSet('PURSER_REQUIRE_PROGRAMS')) throw new Error(note);
  return { isUnmet: true, note: ` [skipped: ${note}]` };
}

/**
 * Finds a program that {@link needGoPrograms} found, or builds it into the cache, which takes a minute or two.
 *
 * @returns Its path.
 * @throws Error with what Go wrote, when it cannot be built.
 */
export async function findOrBuild(program: GoProgram): Promise<string> {
  const found = find(program);
  if (found !== undefined) return found;
  const folder = cacheOf(program);
  await mkdir(folder, { recursive: true });
  await promisify(execFile)('go', ['install', PACKAGES[program]], {
    env: { ...process.env, GOBIN: folder },
    maxBuffer: 16 * 1024 * 1024,
  });
  return join(folder, program);
}

function find(program: GoProgram): string | undefined {
  const { GOBIN = '', GOPATH = '' } = process.env;
  const ofGo = [GOPATH, join(homedir(), 'go')].map((root) => root && join(root, 'bin'));
  return findIn([cacheOf(program), ...path(), GOBIN, ...ofGo], program);
}

/** A folder for each version, so that a new pin is built anew. */
function cacheOf(program: GoProgram): string {
  return join(CACHE, `${program}@${PACKAGES[program].split('@')[1]}`);
}

function path(): readonly string[] {
  return (process.env['PATH'] ?? '').split(delimiter);
}

function findIn(folders: readonly string[], program: string): string | undefined {
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function mayBuild(): boolean {
  return isSet('PURSER_BUILD_PROGRAMS') || isSet('PURSER_REQUIRE_PROGRAMS');
}

function isSet(variable: string): boolean {
  return process.env[variable] === '1';
}
