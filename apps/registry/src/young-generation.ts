import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of one half of V8's young generation. */
const HALF_SIZE = 4 * 1024 * 1024;

/** Far more than it takes; it only ends the loop should V8 ever stop growing. */
const MAXIMUM_ROUNDS = 10_000;

/**
 * Keeps V8's young generation at 4 MiB.
 *
 * The buffers of transfers are freed when it is collected. Left to grow to its 16 MiB that happens so seldom that they
 * pile up: 50 MiB more for ten transfers at a time, which are no faster for it. At the 1 MiB it starts with, listings
 * spend a fifth of their time on collecting. It never shrinks, so this comes before the program is loaded; the size
 * itself can only be set on the command line of Node.js, which is not always ours.
 */
export function boundYoungGeneration(): void {
  const survivors: object[][] = [];
  for (let round = 0; round < MAXIMUM_ROUNDS && youngGenerationSize() < 2 * HALF_SIZE; round++) {
    // What survives a collection is what makes it grow.
    survivors.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
    if (survivors.length > 50) survivors.shift();
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

function youngGenerationSize(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find(({ space_name: name }) => name === 'new_space')?.space_size ?? Infinity;
}
