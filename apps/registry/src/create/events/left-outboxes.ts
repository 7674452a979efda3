import type { CloseOptions, Notifier } from '@purser/notifications';
import { describeError } from '../../observe/describe-error.ts';
import type { Logger } from '../../observe/logger.ts';

export interface LeftOutboxesOptions {
  /** Of workers that there are no more. */
  readonly directories: readonly string[];
  /** A notifier on the outbox in a directory. */
  readonly open: (directory: string) => Notifier;
  readonly logger: Logger;
}

/**
 * Has a notifier also deliver what waits in outboxes that nobody writes to any more. One that cannot be opened is told,
 * and stays as it is for the next start.
 */
export async function withLeftOutboxes(
  notifier: Notifier,
  { directories, open, logger }: LeftOutboxesOptions,
): Promise<Notifier> {
  const left: Notifier[] = [];
  for (const directory of directories) {
    const other = open(directory);
    try {
      await other.start();
      left.push(other);
    } catch (error) {
      logger.error(`cannot deliver what waits in ${directory}`, describeError(error));
    }
  }
  if (left.length === 0) return notifier;
  return {
    start: () => notifier.start(),
    observe: (...call) => notifier.observe(...call),
    status: () => sumOf([notifier, ...left].map((one) => one.status())),
    async close(options?: CloseOptions) {
      return sumOf(await Promise.all([notifier, ...left].map((one) => one.close(options))));
    },
  };
}

type Status = ReturnType<Notifier['status']>;

/** All have the same endpoints. */
function sumOf([first = [], ...others]: readonly Status[]): Status {
  return first.map(({ name, pending }, index) => ({
    name,
    pending: others.reduce((sum, other) => sum + (other[index]?.pending ?? 0), pending),
  }));
}
