import type { Clock } from './clock.ts';

/** How long an upstream that failed is not asked where there is an answer without it. */
const REST_MS = 10_000;

/** Remembers which upstreams failed just now, so that not every client waits until that has shown again. */
export class Outages {
  readonly #clock: Clock;
  readonly #failedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(upstream: string): void {
    this.#failedAt.set(upstream, this.#clock.now());
  }

  end(upstream: string): void {
    this.#failedAt.delete(upstream);
  }

  isRecent(upstream: string): boolean {
    const failedAt = this.#failedAt.get(upstream);
    return failedAt !== undefined && this.#clock.now() < failedAt + REST_MS;
  }
}
