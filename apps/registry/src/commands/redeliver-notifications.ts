import { CONFIGURATION_PATH_VARIABLE } from '../config/environment.ts';
import { loadConfig } from '../config/load.ts';
import { allOutboxes } from '../create/events/outbox-directories.ts';
import { StartError } from '../create/start-error.ts';
import type { CommandProcess } from './serve.ts';

export interface RedeliverArguments {
  readonly path?: string | undefined;
  /** Only what was put aside for this endpoint. */
  readonly endpoint?: string | undefined;
}

/**
 * Has events that endpoints did not take sent again: `purser notifications redeliver [config.yml]`. The server does it,
 * at once if it runs.
 *
 * @returns The exit status.
 * @throws ConfigurationError; StartError when there is no outbox, or no such endpoint.
 */
export async function redeliverNotifications(
  { path, endpoint }: RedeliverArguments,
  { environment, writeOutput, writeError }: Omit<CommandProcess, 'nextSignal' | 'pid'>,
): Promise<number> {
  const configPath = path ?? (environment[CONFIGURATION_PATH_VARIABLE] || undefined);
  const { config, warnings } = await loadConfig({ path: configPath, environment });
  for (const warning of warnings) writeError(`${warning}\n`);
  const { outbox, endpoints } = config.notifications;
  if (outbox.directory === undefined) {
    throw new StartError(
      'there is no outbox that keeps events: set notifications.outbox.directory',
    );
  }
  const names = endpoints.map(({ name }) => name);
  if (endpoint !== undefined && !names.includes(endpoint)) {
    throw new StartError(`no endpoint ${endpoint}; expected one of ${names.join(', ')}`);
  }
  const { redeliverDeadLetters } = await import('@purser/notifications');
  let events = 0;
  for (const directory of await allOutboxes(outbox.directory)) {
    events += await redeliverDeadLetters({ directory, endpoint });
  }
  writeOutput(`${events} events are sent again by the server, behind those that wait.\n`);
  return 0;
}
