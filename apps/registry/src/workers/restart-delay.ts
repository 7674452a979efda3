const SHORTEST_MS = 100;
const LONGEST_MS = 30_000;

/** How long to wait before a worker is started again. @param failures How often in a row it ended soon. */
export function restartDelayMs(failures: number): number {
  return Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(failures, 20));
}
