import type { ContentSource, Random, SampleBlob } from '@purser/registry-under-test';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Many small ones, for many commits in a second; a few that take a while to send. */
const SIZES = [
  { share: 0.04, minimum: 0, maximum: 0 },
  { share: 0.3, minimum: 2, maximum: 4 * KIBIBYTE },
  { share: 0.36, minimum: 4 * KIBIBYTE, maximum: 64 * KIBIBYTE },
  { share: 0.2, minimum: 64 * KIBIBYTE, maximum: 512 * KIBIBYTE },
  { share: 0.1, minimum: 512 * KIBIBYTE, maximum: 4 * MEBIBYTE },
] as const;

/** More than the clients push in one life of the registry. */
const READY = 300;

/** New content, made ready before it is needed: a client that is hashing notices an answer too late. */
export class Samples {
  readonly #random: Random;
  readonly #source: ContentSource;
  readonly #ready: SampleBlob[] = [];

  constructor(random: Random, source: ContentSource) {
    this.#random = random;
    this.#source = source;
  }

  refill(): void {
    while (this.#ready.length < READY) this.#ready.push(this.#draw());
  }

  take(): SampleBlob {
    return this.#ready.pop() ?? this.#draw();
  }

  #draw(): SampleBlob {
    const seed = this.#random.integer(0, 2 ** 31);
    return this.#source.sample({ seed, size: drawSize(this.#random) });
  }
}

function drawSize(random: Random): number {
  let rest = random.next();
  for (const { share, minimum, maximum } of SIZES) {
    if (rest < share) return random.integer(minimum, maximum);
    rest -= share;
  }
  return 0;
}
