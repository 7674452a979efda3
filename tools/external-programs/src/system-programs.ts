import { findExecutable, searchPath } from './executables.ts';
import { MET, unmet, type Need } from './need.ts';

/** The programs that tests run and that Debian has, by command, with the package that brings each. */
const PACKAGES = {
  btrfs: 'btrfs-progs',
  buildah: 'buildah',
  'docker-registry': 'docker-registry',
  haproxy: 'haproxy',
  nginx: 'nginx',
  openssl: 'openssl',
  podman: 'podman',
  python3: 'python3',
  'redis-server': 'redis-server',
  skopeo: 'skopeo',
  'systemd-notify': 'systemd',
} as const;

export type SystemProgram = keyof typeof PACKAGES;

/**
 * Looks for programs on the path.
 *
 * @throws Error when one is missing and `PURSER_REQUIRE_PROGRAMS` is 1: there a skip is a failure.
 */
export function needPrograms(...programs: readonly SystemProgram[]): Need {
  const missing = programs.filter((program) => findExecutable(searchPath(), program) === undefined);
  if (missing.length === 0) return MET;
  const packages = missing.map((program) => PACKAGES[program]).join(' ');
  return unmet(`needs ${missing.join(', ')} (apt-get install ${packages})`);
}
