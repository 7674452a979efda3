import { median } from '@purser/registry-under-test';
import type { Row } from './rows.ts';
import type { Sample } from './sample.ts';

/** The samples of each contestant, by its name. */
export type Results = ReadonlyMap<string, readonly Sample[]>;

export interface MeasuredRow {
  readonly row: Row;
  readonly results: Results;
}

/** One line a row: medians of all rounds, and how far the first contestant is ahead. */
export function createTable(rows: readonly MeasuredRow[], names: readonly string[]): string[][] {
  const head = [
    'row',
    'clients',
    'unit',
    ...names,
    ...(names.length > 1 ? ['ratio'] : []),
    ...names.flatMap((name) => [`${name} ms`, `${name} CPU ms`]),
    'load by',
  ];
  return [head, ...rows.map((measured) => line(measured, names))];
}

function line({ row, results }: MeasuredRow, names: readonly string[]): string[] {
  const samples = names.map((name) => results.get(name) ?? []);
  const rates = samples.map((of) => median(of.map(({ rate }) => rate)) * row.factor);
  const [first = NaN, second] = rates;
  return [
    row.name,
    String(row.concurrency),
    row.unit,
    ...rates.map(rounded),
    ...(second === undefined ? [] : [(first / second).toFixed(2)]),
    ...samples.flatMap((of) => [
      rounded(median(of.map(({ latencyMs }) => latencyMs))),
      rounded(median(of.map(({ cpuMs }) => cpuMs))),
    ]),
    row.generator,
  ];
}

/** Three digits that matter. */
function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** With columns of equal width. */
export function formatText(table: readonly (readonly string[])[]): string {
  const widths = columnWidths(table);
  return table.map((cells) => padded(cells, widths).join('  ').trimEnd()).join('\n');
}

/** For a README or a comment. */
export function formatMarkdown(table: readonly (readonly string[])[]): string {
  const widths = columnWidths(table);
  const lines = table.map((cells) => `| ${padded(cells, widths).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function columnWidths(table: readonly (readonly string[])[]): readonly number[] {
  const [head = []] = table;
  return head.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
}

function padded(cells: readonly string[], widths: readonly number[]): readonly string[] {
  return cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return /^[\d.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
  });
}
