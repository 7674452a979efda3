import { glob } from 'node:fs/promises';
import { readCommandLine } from '@purser/registry-under-test';
import { report, type Problem } from './problem.ts';
import { readText, WORKSPACE } from './workspace.ts';

const usage = `Checks that no source spreads a list into the parameters of push, unshift, splice, Math.min or Math.max. Parameters are kept on
the stack: a list of some 120,000, which a client can make of referrers or tags, ends the call with a RangeError. Use a loop.

  npm run spreads -w tools/workspace-checks
`;

const SOURCES = ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'];

/** Up to the spread. */
const SPREAD = /(?:\.(?:push|unshift|splice)|\bMath\.(?:min|max))\(\s*(?:[^()\n]*,\s*)?\.\.\./g;

/** Only tests, and what tests use, have lists whose length is known. */
const EXCLUDED = /\.test\.ts$|\/(?:fixtures|conformance|testing)\//;

if (readCommandLine(usage, {})) {
  const files: string[] = [];
  for await (const file of glob(SOURCES, { cwd: WORKSPACE })) {
    if (!EXCLUDED.test(file)) files.push(file);
  }
  const problems = await Promise.all(files.map(problemsOf));
  report(`${files.length} sources without spread lists`, problems.flat());
}

async function problemsOf(file: string): Promise<readonly Problem[]> {
  const source = await readText(file);
  return [...source.matchAll(SPREAD)].map((match) => ({
    file,
    line: source.slice(0, match.index).split('\n').length,
    message: `${match[0].trim()} spreads a list into parameters, which fails for long lists: use a loop`,
  }));
}
