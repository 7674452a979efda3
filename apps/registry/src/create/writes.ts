import { RegistryError } from '@purser/core';
import type { WriteGate } from '@purser/http-api';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';
import type { Prepared, Reloadable } from './reloadable.ts';

type ReadonlyConfig = Config['storage']['maintenance']['readonly'];

/** Whether clients may change content, as the operator says at this moment. */
export class Writes implements WriteGate, Reloadable {
  readonly keys = ['storage.maintenance.readonly'];
  readonly #logger: Logger;
  #refusal: RegistryError | undefined;
  #running = 0;

  constructor({ storage }: Config, logger: Logger) {
    this.#logger = logger;
    this.#refusal = refusalOf(storage.maintenance.readonly);
  }

  get refusal(): RegistryError | undefined {
    return this.#refusal;
  }

  get areRefused(): boolean {
    return this.#refusal !== undefined;
  }

  /** Requests that are under way are finished. The log tells when the last of them is over. */
  async prepare({ storage }: Config): Promise<Prepared> {
    const refusal = refusalOf(storage.maintenance.readonly);
    return { takeEffect: () => this.#switch(refusal) };
  }

  enter(): Disposable {
    this.#running++;
    return { [Symbol.dispose]: () => this.#leave() };
  }

  #switch(refusal: RegistryError | undefined): void {
    const before = this.#refusal;
    this.#refusal = refusal;
    if (before === undefined && refusal !== undefined) this.#tellShut();
    if (before !== undefined && refusal === undefined) this.#logger.info('writes are taken again');
  }

  #leave(): void {
    this.#running--;
    if (this.areRefused) this.#tellShut();
  }

  #tellShut(): void {
    const count = this.#running;
    if (count === 0) this.#logger.info('read-only: no write is under way');
    else this.#logger.info(`read-only: ${count} writes are being finished`, { writes: count });
  }
}

const DEFAULT_MESSAGE =
  'the registry is read-only: its operator has switched storage.maintenance.readonly on';

/** What nobody says an end of is not supported; what comes back is unavailable. */
function refusalOf({ enabled, message = DEFAULT_MESSAGE, retryafter }: ReadonlyConfig) {
  if (!enabled) return undefined;
  if (retryafter === undefined) return new RegistryError('UNSUPPORTED', { message });
  const retryAfterSeconds = Math.ceil(retryafter / 1000);
  return new RegistryError('UNAVAILABLE', { message, retryAfterSeconds });
}
