/** @throws TypeError for no numbers. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/**
 * The value below which a share of the numbers lies, interpolated between neighbours.
 *
 * @param share From 0 to 1.
 * @throws TypeError for no numbers.
 */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new TypeError('no numbers');
  return below + (above - below) * (position - Math.floor(position));
}
