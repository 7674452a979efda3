import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CommandProcess } from '../commands/serve.ts';
import type { Environment } from '../config/environment.ts';
import { describeError } from '../observe/describe-error.ts';
import type { Logger } from '../observe/logger.ts';

export interface ServiceManagerOptions {
  readonly environment: Environment;
  readonly pid: number;
  readonly logger: Logger;
}

type Stoppable = Pick<CommandProcess, 'nextSignal' | 'writeError' | 'writeOutput'>;

/** A message that is not taken within it is given up: the end must not wait for ever. */
const TIMEOUT_MS = 5_000;

/**
 * Tells systemd how the service is doing, if it asks for that (`Type=notify`). By its program `systemd-notify`, since Node.js
 * has no datagrams over Unix sockets: the unit needs `NotifyAccess=all`.
 *
 * Only the end waits for messages, and nothing fails when one cannot be sent: that is logged once.
 *
 * @see sd_notify(3), sd_watchdog_enabled(3).
 */
export class ServiceManager implements AsyncDisposable {
  readonly #options: ServiceManagerOptions;
  readonly #watchdog: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    const interval = watchdogInterval(options);
    // A process whose event loop stands still sends none, and is started anew.
    if (interval !== undefined) {
      this.#watchdog = setInterval(() => this.#tell('WATCHDOG=1'), interval).unref();
    }
  }

  /** Connections are accepted. */
  ready(): void {
    this.#tell('READY=1');
  }

  /** The same requests to read the configuration again. Whoever follows them asks for the next when he is done with one. */
  async *tellingOfReloads<T>(requests: AsyncIterable<T> | Iterable<T>): AsyncIterable<T> {
    for await (const request of requests) {
      const microseconds = process.hrtime.bigint() / 1000n;
      this.#tell('RELOADING=1', `MONOTONIC_USEC=${microseconds}`);
      yield request;
      this.#tell('READY=1');
    }
  }

  /** The same process, whose signals mean that the service stops. */
  tellingOfTheEnd({ writeOutput, writeError, nextSignal }: Stoppable): Stoppable {
    return {
      writeOutput,
      writeError,
      nextSignal: async () => {
        const signal = await nextSignal();
        this.#tell('STOPPING=1');
        return signal;
      },
    };
  }

  /** When all that was told has been sent. */
  settled(): Promise<void> {
    return this.#last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watchdog);
    await this.settled();
  }

  #tell(...assignments: readonly string[]): void {
    const { environment } = this.#options;
    if (!environment['NOTIFY_SOCKET']) return;
    // One after the other: what comes last counts.
    this.#last = this.#last.then(() => this.#send(assignments, environment));
  }

  async #send(assignments: readonly string[], env: Environment): Promise<void> {
    try {
      await promisify(execFile)('systemd-notify', [...assignments], { env, timeout: TIMEOUT_MS });
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#options.logger.warn(
        'systemd cannot be told how the service is doing: install systemd-notify, or use Type=exec',
        describeError(error),
      );
    }
  }
}

/** Twice as often as systemd expects it; `undefined` when it does not. */
function watchdogInterval({ environment, pid }: ServiceManagerOptions): number | undefined {
  const microseconds = Number(environment['WATCHDOG_USEC'] ?? 0);
  const isMeant = [undefined, String(pid)].includes(environment['WATCHDOG_PID']);
  return isMeant && microseconds > 0 ? microseconds / 2000 : undefined;
}
