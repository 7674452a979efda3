import { setFlagsFromString } from 'node:v8';

/** Growth of V8's old generation between two collections, in percent of what survived the last one. */
const GROWTH_PERCENT = 25;

/**
 * Lets V8's old generation grow by a quarter between two collections, instead of up to four times.
 *
 * For commands that look through a whole storage: they decode every manifest and keep next to nothing, so that most of
 * their memory would be garbage. 100 manifests of 33,000 references take 100 MiB less so, and no more time.
 */
export function boundOldGeneration(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
