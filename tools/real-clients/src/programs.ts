import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs that tests here run, by command, with the Debian package that brings each. */
const PACKAGES = {
  buildah: 'buildah',
  'docker-registry': 'docker-registry',
  podman: 'podman',
  skopeo: 'skopeo',
} as const;

export type Program = keyof typeof PACKAGES;

export interface Need {
  readonly isUnmet: boolean;
  /** What to add to the title of tests that are skipped for it; empty when it is met. */
  readonly note: string;
}

/**
 * Looks for the programs that some tests run.
 *
 * @throws Error when one is missing and `PURSER_REQUIRE_PROGRAMS` is 1: there a skip is a failure.
 */
export function need(...programs: readonly Program[]): Need {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return { isUnmet: false, note: '' };
  const packages = missing.map((program) => PACKAGES[program]).join(' ');
  const note = `needs ${missing.join(', ')} (apt-get install ${packages})`;
  if (process.env['PURSER_REQUIRE_PROGRAMS'] === '1') throw new Error(note);
  return { isUnmet: true, note: ` [skipped: ${note}]` };
}

function isInstalled(program: Program): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
