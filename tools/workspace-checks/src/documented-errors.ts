import type { Problem } from './problem.ts';
import type { RenderedError } from './rendered-errors.ts';

interface Row extends RenderedError {
  readonly inside: string;
  readonly line: number;
}

/** A row of a table that begins with: a code, its status, the code that clients see. */
const ROW = /^\|\s*`([A-Z_]+)`\s*\|\s*(\d{3})\s*\|\s*`([A-Z_]+)`\s*\|/;

/** Compares the tables of errors in a document with what the HTTP API answers. */
export function errorTableProblems(
  file: string,
  text: string,
  rendered: ReadonlyMap<string, RenderedError>,
): Problem[] {
  const rows = readRows(text);
  const documented = new Set(rows.map(({ inside }) => inside));
  const missing = [...rendered.keys()].filter((code) => !documented.has(code));
  return [
    ...missing.map((code) => ({ file, message: `${code} is not documented` })),
    ...rows.flatMap((row) => {
      const message = faultOf(row, rendered.get(row.inside));
      return message === undefined ? [] : [{ file, line: row.line, message }];
    }),
    ...rows
      .filter(({ inside }, index) => rows.findIndex((row) => row.inside === inside) !== index)
      .map(({ inside, line }) => ({ file, line, message: `${inside} is documented twice` })),
  ];
}

function readRows(text: string): Row[] {
  return text.split('\n').flatMap((content, index) => {
    const [, inside, status, code] = ROW.exec(content) ?? [];
    if (inside === undefined || code === undefined) return [];
    return [{ inside, status: Number(status), code, line: index + 1 }];
  });
}

function faultOf({ inside, status, code }: Row, actual: RenderedError | undefined) {
  if (actual === undefined) return `there is no error ${inside}`;
  if (actual.status === status && actual.code === code) return undefined;
  return `${inside} is answered with ${actual.status} ${actual.code}`;
}

/** The codes that a document does not name. */
export function unnamedCodes(file: string, text: string, codes: readonly string[]): Problem[] {
  return codes
    .filter((code) => !text.includes(`\`${code}\``))
    .map((code) => ({ file, message: `${code} is not documented` }));
}
