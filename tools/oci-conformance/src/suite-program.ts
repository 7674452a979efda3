import { execFile } from 'node:child_process';
import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MODULE = 'github.com/opencontainers/distribution-spec/conformance';

/** No release holds the suite as it is now, so a commit is pinned. Moving it means to count the baseline anew. */
const VERSION = 'v0.0.0-20260831232431-97274622c111';

/** As `go install` takes it. */
export const SUITE = `${MODULE}@${VERSION}`;

/** What the module asks for. */
const LEAST_GO = { major: 1, minor: 24 };

const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/go-programs');

/** The suite is not there and cannot be built. The message says what to install. */
export class SuiteNotAvailable extends Error {
  override readonly name = 'SuiteNotAvailable';
}

/**
 * Finds the suite in the cache of this checkout, or builds it there, which needs Go 1.24 or newer and its module proxy.
 *
 * @param onBuild Told before a build, which can take a minute.
 * @returns The path of the program.
 * @throws SuiteNotAvailable
 */
export async function findOrBuildSuite(onBuild: () => void): Promise<string> {
  const folder = join(CACHE, `conformance@${VERSION}`);
  const program = join(folder, 'conformance');
  if (await isExecutable(program)) return program;
  await requireGo();
  onBuild();
  await mkdir(folder, { recursive: true });
  await build(folder);
  return program;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function requireGo(): Promise<void> {
  const needed = `The suite is a Go program, and building it needs Go ${LEAST_GO.major}.${LEAST_GO.minor} or newer`;
  const advice =
    'Get it from https://go.dev/dl/, or with the package golang-go of Debian 13 and newer.';
  const version = await goVersion();
  if (version === undefined) throw new SuiteNotAvailable(`${needed}; there is no go. ${advice}`);
  if (!isGoNewEnough(version)) {
    throw new SuiteNotAvailable(`${needed}; there is ${version}. ${advice}`);
  }
}

async function goVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION']);
    return stdout.trim();
  } catch {
    return undefined;
  }
}

/** @param version As `go env GOVERSION` tells it: `go1.24.3`, `go1.25rc1`, `devel go1.26-…`. */
export function isGoNewEnough(version: string): boolean {
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return false;
  return (
    Number(major) > LEAST_GO.major ||
    (Number(major) === LEAST_GO.major && Number(minor) >= LEAST_GO.minor)
  );
}

async function build(folder: string): Promise<void> {
  try {
    await promisify(execFile)('go', ['install', SUITE], {
      env: { ...process.env, GOBIN: folder },
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (cause) {
    const { stderr = '' } = cause as { readonly stderr?: string };
    throw new SuiteNotAvailable(`go install ${SUITE} failed: ${stderr.trim() || String(cause)}`, {
      cause,
    });
  }
}
