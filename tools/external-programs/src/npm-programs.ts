import { spawnSync } from 'node:child_process';
import { MET, unmet, type Need } from './need.ts';

/** Programs whose binaries come in packages of npm, with the versions that tests run. */
const VERSIONS = { bun: '1.4.5', deno: '2.9.6' } as const;

export type NpmProgram = keyof typeof VERSIONS;

const FETCH_LIMIT_MS = 180_000;

/** The words of a command line that runs a program of npm, to be followed by those of the program. */
export function npmCommand(program: NpmProgram): readonly [string, ...string[]] {
  const source = `--package=${program}@${VERSIONS[program]}`;
  return ['npm', 'exec', '--yes', '--prefer-offline', source, '--', program];
}

/**
 * Fetches a program by `npm exec`, unless it is in the cache of npm, and runs it once.
 *
 * @throws Error when it is missing and `PURSER_REQUIRE_PROGRAMS` is 1: there a skip is a failure.
 */
export function needNpmProgram(program: NpmProgram): Need {
  const [command, ...words] = npmCommand(program);
  const { status } = spawnSync(command, [...words, '--version'], { timeout: FETCH_LIMIT_MS });
  if (status === 0) return MET;
  return unmet(`needs ${program} (npm exec --package=${program}@${VERSIONS[program]})`);
}
