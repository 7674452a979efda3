/**
 * Splits a header whose value is a list at its commas. The time is in proportion to the length.
 *
 * @param lines One value per header line.
 */
export function parseListHeader(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(',').map((entry) => entry.trim()));
}
