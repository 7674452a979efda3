import type { Environment } from '../../config/environment.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import { StartError } from '../start-error.ts';

/** The first descriptor after input, output and errors. */
const FIRST_DESCRIPTOR = 3;

/**
 * The socket that systemd opened for this process; it takes the place of the configured address.
 *
 * @throws StartError when there are several.
 * @see sd_listen_fds(3); distribution, registry/registry.go.
 */
export function findInheritedSocket(
  environment: Environment,
  pid: number,
): ListenAddress | undefined {
  const count = Number(environment['LISTEN_FDS'] ?? 0);
  if (environment['LISTEN_PID'] !== String(pid) || !(count > 0)) return undefined;
  if (count === 1) return { kind: 'inherited', fd: FIRST_DESCRIPTOR };
  throw new StartError(`systemd passed ${count} sockets: name one in the socket unit`);
}
