import type { Counts } from './suite-output.ts';

export interface ResultRow {
  readonly name: string;
  /** `undefined` when nothing was counted. */
  readonly counts: Counts | undefined;
  readonly seconds: number;
}

const COLUMNS = ['Pass', 'Skip', 'Disabled', 'FAIL', 'Error'] as const;

/** The line above the rows. */
export const HEADING = formatCells('run', COLUMNS, 'seconds');

/** One line of the table. Rows come one by one, so every column has its width from the start. */
export function formatRow({ name, counts, seconds }: ResultRow): string {
  const cells = COLUMNS.map((status) => (counts === undefined ? '-' : String(counts[status])));
  return formatCells(name, cells, seconds.toFixed(1));
}

function formatCells(name: string, counts: readonly string[], seconds: string): string {
  return [name.padEnd(10), ...[...counts, seconds].map((cell) => cell.padStart(9))].join('');
}
