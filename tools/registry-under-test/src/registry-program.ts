import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A registry that can be started with a configuration file of distribution's form. */
export interface RegistryProgram {
  readonly name: string;
  readonly command: string;
  /** What comes before the path of the configuration file. */
  readonly parameters: readonly string[];
  /** Whether `DELETE` of a manifest takes a tag. */
  readonly deletesTags: boolean;
  readonly versionParameters: readonly string[];
  /** Whether its settings have it speak TLS. Default `false`. */
  readonly speaksTls?: boolean | undefined;
}

export interface PurserOptions {
  /** Runs what `npm run build` made, not the sources. */
  readonly isBuilt?: boolean | undefined;
  /** For Node.js itself: `--cpu-prof`. */
  readonly nodeParameters?: readonly string[] | undefined;
}

/** The server of this workspace. */
export function purser({
  isBuilt = false,
  nodeParameters = [],
}: PurserOptions = {}): RegistryProgram {
  const app = join(import.meta.dirname, '../../../apps/registry');
  const main = isBuilt
    ? [join(app, 'dist/main.js')]
    : ['--conditions=@purser/source', join(app, 'src/main.ts')];
  return {
    name: 'purser',
    command: process.execPath,
    parameters: [...nodeParameters, ...main, 'serve'],
    deletesTags: true,
    versionParameters: [...main, '--version'],
  };
}

/** Distribution as Debian packages it: `apt-get install docker-registry`. */
export function dockerRegistry(): RegistryProgram {
  return {
    name: 'docker-registry',
    command: 'docker-registry',
    parameters: ['serve'],
    deletesTags: false,
    versionParameters: ['--version'],
  };
}

/** Distribution 3, from the path of its program. */
export function distribution(command: string): RegistryProgram {
  return {
    name: 'distribution',
    command,
    parameters: ['serve'],
    deletesTags: true,
    versionParameters: ['--version'],
  };
}

/** @throws Error when there is no such program. */
export function programNamed(name: string, options?: PurserOptions): RegistryProgram {
  if (name === 'purser') return purser(options);
  if (name === 'docker-registry') return dockerRegistry();
  throw new Error(`no registry program ${name}: use purser or docker-registry`);
}

/**
 * The first line of what the program says about its version.
 *
 * @throws Error with what it wrote, when it cannot be run.
 */
export async function versionOf({
  name,
  command,
  versionParameters,
}: RegistryProgram): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, [...versionParameters]);
    return stdout.trim().split('\n')[0] ?? '';
  } catch (cause) {
    throw new Error(`${name} cannot be run: ${String(cause)}`, { cause });
  }
}
