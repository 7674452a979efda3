import { execFile } from 'node:child_process';
import { mkdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findExecutable, isExecutable, searchPath } from './executables.ts';
import { commandOf, packageOf, sourceOf, type GoProgram } from './go-packages.ts';
import { MET, mayBuild, skipped, unmet, type Need } from './need.ts';

/** The program is not there and cannot be built. The message says what to install. */
export class ProgramNotAvailable extends Error {
  override readonly name = 'ProgramNotAvailable';
}

const OWN_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/go-programs');

/** Since 1.21 Go fetches the newer Go that a program asks for. */
const GO_ADVICE =
  'Go 1.21 or newer (https://go.dev/dl/, or the package golang-go of Debian 13 and newer)';

/**
 * Looks for programs: by its variable, in the cache, on the path, where `go install` puts programs. With
 * `PURSER_BUILD_PROGRAMS` or `PURSER_REQUIRE_PROGRAMS` at 1, it is enough that Go is there to build them.
 *
 * @throws Error when one is missing and `PURSER_REQUIRE_PROGRAMS` is 1: there a skip is a failure, save of what is slow to build.
 */
export function needGoPrograms(...programs: readonly GoProgram[]): Need {
  const missing = programs.filter((program) => findGoProgram(program) === undefined);
  const isSlow = missing.some((program) => packageOf(program).isSlowToBuild);
  if (missing.length === 0 || (mayBuild({ isSlow }) && hasGo())) return MET;
  const variables = missing.map((program) => packageOf(program).variable).join(', ');
  const commands = missing.map((program) => `go install ${sourceOf(program)}`).join(' && ');
  const ways = `${variables}; or Go and PURSER_BUILD_PROGRAMS=1, for ${commands}`;
  return (isSlow ? skipped : unmet)(`needs ${missing.join(', ')} (${ways})`);
}

/**
 * Finds a program as {@link needGoPrograms} does, or builds it into the cache, which takes a minute or two.
 *
 * @param onBuild Told before a build.
 * @returns Its path.
 * @throws ProgramNotAvailable when there is no Go, and with what Go wrote when the build fails.
 */
export async function findOrBuild(program: GoProgram, onBuild?: () => void): Promise<string> {
  const found = findGoProgram(program);
  if (found !== undefined) return found;
  if (!hasGo()) {
    throw new ProgramNotAvailable(`${program} is a Go program, and building it needs ${GO_ADVICE}`);
  }
  const folder = cacheOf(program);
  await mkdir(folder, { recursive: true });
  await using _turn = await takeTurn(folder);
  const built = join(folder, commandOf(program));
  if (isExecutable(built)) return built;
  onBuild?.();
  await build(program, folder);
  return built;
}

/** A build takes minutes of every core: of several processes that want one, one builds, and the others wait for it. */
async function takeTurn(folder: string): Promise<AsyncDisposable> {
  const turn = join(folder, 'building');
  for (;;) {
    try {
      await mkdir(turn);
      return { [Symbol.asyncDispose]: () => rm(turn, { recursive: true, force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await removeAbandoned(turn);
    await setTimeout(TURN_INTERVAL_MS);
  }
}

/** Who was killed in the middle of a build leaves its turn. */
async function removeAbandoned(turn: string): Promise<void> {
  const found = await stat(turn).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > LONGEST_BUILD_MS) {
    await rm(turn, { recursive: true, force: true });
  }
}

const TURN_INTERVAL_MS = 250;
const LONGEST_BUILD_MS = 900_000;

/** @throws ProgramNotAvailable when its variable names something that cannot be run. */
export function findGoProgram(program: GoProgram): string | undefined {
  const { variable, isCommonWord = false } = packageOf(program);
  const { GOBIN = '', GOPATH = '', [variable]: named = '' } = process.env;
  if (named !== '') {
    if (isExecutable(named)) return named;
    throw new ProgramNotAvailable(`${variable} is ${named}, which cannot be run`);
  }
  const ofGo = [GOPATH, join(homedir(), 'go')].map((root) => root && join(root, 'bin'));
  const others = isCommonWord ? [] : [...searchPath(), GOBIN, ...ofGo];
  return findExecutable([cacheOf(program), ...others], commandOf(program));
}

/**
 * A folder for each version, so that a new pin is built anew: below `node_modules`, or below `PURSER_PROGRAM_CACHE`, which
 * checkouts can share.
 */
function cacheOf(program: GoProgram): string {
  const { PURSER_PROGRAM_CACHE: shared = '' } = process.env;
  return join(shared === '' ? OWN_CACHE : shared, `${program}@${packageOf(program).version}`);
}

function hasGo(): boolean {
  return findExecutable(searchPath(), 'go') !== undefined;
}

async function build(program: GoProgram, folder: string): Promise<void> {
  const source = sourceOf(program);
  try {
    await promisify(execFile)('go', ['install', source], {
      env: { ...process.env, GOBIN: folder },
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (cause) {
    const { stderr = '' } = cause as { readonly stderr?: string };
    throw new ProgramNotAvailable(
      `go install ${source} failed: ${stderr.trim() || String(cause)}`,
      { cause },
    );
  }
}
