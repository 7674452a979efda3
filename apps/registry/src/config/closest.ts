/**
 * The candidate that someone who wrote `text` probably meant.
 *
 * @returns `undefined` when none is within two edits, or a third of its length where that is less.
 */
export function closest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance <= candidate.length / 3) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, removals, replacements and swaps of neighbours. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 2) return Infinity;
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      current.push(cellDistance(rows, current, { from, to, row, column }));
    }
    rows.push(current);
  }
  return rows.at(-1)!.at(-1)!;
}

interface Cell {
  readonly from: string;
  readonly to: string;
  readonly row: number;
  readonly column: number;
}

function cellDistance(
  rows: readonly (readonly number[])[],
  current: readonly number[],
  { from, to, row, column }: Cell,
): number {
  const above = rows[row - 1]!;
  const replaced = from[row - 1] === to[column - 1] ? 0 : 1;
  const distance = Math.min(
    above[column]! + 1,
    current[column - 1]! + 1,
    above[column - 1]! + replaced,
  );
  const swapped =
    row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
  return swapped ? Math.min(distance, rows[row - 2]![column - 2]! + 1) : distance;
}
