import { readCommandLine } from '@purser/registry-under-test';
import { shapeProblems } from './package-shape.ts';
import { report } from './problem.ts';
import { packageFolders } from './workspace.ts';

const usage = `Checks that every package in packages/ has the shape that tools/new-package makes.

  npm run shape -w tools/workspace-checks

Free are versions, dependencies, sub-paths of "exports", more README headings, and what is in src.
`;

if (readCommandLine(usage, {})) {
  const folders = await packageFolders('packages');
  const problems = await Promise.all(folders.map(shapeProblems));
  report(`the shape of ${folders.length} packages`, problems.flat());
}
