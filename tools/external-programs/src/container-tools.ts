import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Runs a command of one program and gives what it printed, without the white space around it. */
export type Run = (...words: readonly string[]) => Promise<string>;

/** The programs of containers/image, working in a folder and leaving no trace outside it. */
export interface ContainerTools {
  readonly skopeo: Run;
  readonly buildah: Run;
  readonly podman: Run;
}

/**
 * Storage is `vfs`, since overlays need a kernel that allows them; podman gets by without systemd, and without a journal for
 * its events.
 */
export function createContainerTools(folder: string): ContainerTools {
  const storage = [
    `--root=${join(folder, 'containers')}`,
    `--runroot=${join(folder, 'containers-run')}`,
    '--storage-driver=vfs',
  ];
  const withoutSystemd = [
    '--cgroup-manager=cgroupfs',
    '--events-backend=none',
    `--tmpdir=${join(folder, 'libpod')}`,
  ];
  return {
    skopeo: program('skopeo', ['--insecure-policy']),
    buildah: program('buildah', storage),
    podman: program('podman', [...storage, ...withoutSystemd]),
  };
}

function program(command: string, settings: readonly string[]): Run {
  return async (...words) => {
    const { stdout } = await promisify(execFile)(command, [...settings, ...words], {
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout.trim();
  };
}
