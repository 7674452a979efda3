import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Files that may hold credentials, in the order in which they are asked. */
export function authFilePaths(environment: Environment = process.env): readonly string[] {
  const { REGISTRY_AUTH_FILE: named, XDG_RUNTIME_DIR: runtime } = environment;
  return [
    ...(named ? [named] : []),
    dockerConfigPath(environment),
    ...(runtime ? [join(runtime, 'containers', 'auth.json')] : []),
  ];
}

/** The file into which credentials are written: the one that is asked first. */
export function loginPath(environment: Environment = process.env): string {
  return authFilePaths(environment)[0] ?? dockerConfigPath(environment);
}

function dockerConfigPath({ DOCKER_CONFIG: folder, HOME: home }: Environment): string {
  return join(folder || join(home || homedir(), '.docker'), 'config.json');
}
