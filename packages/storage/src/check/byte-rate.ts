import { systemClock, type Clock } from '../garbage/clock.ts';

/** Lets so many bytes pass in a second, on average. */
export class ByteRate {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** When the bytes so far are paid for. */
  #paidAt: number;

  /** @param bytesPerSecond `Infinity` for no bound. */
  constructor(bytesPerSecond: number, clock: Clock = systemClock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#paidAt = clock.now();
  }

  /** Waits until bytes that were read are paid for. Time that nobody used does not count. */
  async spend(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    this.#paidAt = Math.max(this.#paidAt, now) + (bytes / this.#bytesPerSecond) * 1000;
    if (this.#paidAt > now) await this.#clock.wait(this.#paidAt - now, signal);
  }
}
