import { posix } from 'node:path';
import { readCommandLine } from '@purser/registry-under-test';
import { report, type Problem } from './problem.ts';
import { readText } from './workspace.ts';

const DOCUMENT = 'docs/security.md';

const usage = `Checks that ${DOCUMENT} is true: every class of weakness names files of tests, and each of them has a test, or a group of
tests, with the name of the class in its title.

  npm run security -w tools/workspace-checks
`;

if (readCommandLine(usage, {})) {
  const rows = readRows(await readText(DOCUMENT));
  const problems = await Promise.all(rows.map(problemsOf));
  report(`${rows.length} classes of weaknesses`, problems.flat());
}

/** A row of the table. */
interface Row {
  readonly id: string;
  readonly line: number;
  /** Relative to the workspace. */
  readonly files: readonly string[];
}

function readRows(text: string): readonly Row[] {
  return text.split('\n').flatMap((content, index) => {
    const cells = content.split('|').map((cell) => cell.trim());
    const id = /^`([^`]+)`$/.exec(cells[1] ?? '')?.[1];
    if (id === undefined) return [];
    const links = (cells.at(-2) ?? '').matchAll(/\]\(([^)]+)\)/g);
    const files = [...links].map(([, path = '']) => posix.join(posix.dirname(DOCUMENT), path));
    return [{ id, line: index + 1, files }];
  });
}

async function problemsOf({ id, line, files }: Row): Promise<readonly Problem[]> {
  if (files.length === 0) return [{ file: DOCUMENT, line, message: `${id} names no test` }];
  const found = await Promise.all(
    files.map(async (file) => ({ file, source: await readText(file).catch(() => undefined) })),
  );
  return found.flatMap(({ file, source }) => {
    if (source === undefined) return [{ file: DOCUMENT, line, message: `${file} is not there` }];
    if (titlesOf(source).some((title) => title.includes(id))) return [];
    return [{ file, message: `no title of a test has ${id} in it, as ${DOCUMENT} says` }];
  });
}

/** What a call of `describe`, `it` or `test` is given first, also when a table stands between. */
function titlesOf(source: string): readonly string[] {
  const calls =
    /\b(?:describe|it|test)\b[^'"`]*?\(\s*(['"`])((?:\\.|(?!\1).)*)\1|\]\)\(\s*(['"`])((?:\\.|(?!\3).)*)\3/gs;
  return [...source.matchAll(calls)].map(([, , plain, , ofTable]) => plain ?? ofTable ?? '');
}
