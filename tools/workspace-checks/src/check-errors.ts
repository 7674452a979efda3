import { readCommandLine } from '@purser/registry-under-test';
import { DRIVER_ERROR_MESSAGES } from '@purser/storage-driver';
import { errorTableProblems, unnamedCodes } from './documented-errors.ts';
import { report } from './problem.ts';
import { renderEveryError } from './rendered-errors.ts';
import { readText } from './workspace.ts';

const usage = `Checks that every error code is documented, with the status and the code that clients get for it, and that no document
names an error which does not exist.

  npm run errors -w tools/workspace-checks
`;

/** The documents with a table of every error of a registry. */
const ERROR_TABLES = ['docs/errors.md', 'packages/http-api/README.md'];
const DRIVER_ERRORS = 'packages/storage-driver/README.md';

if (readCommandLine(usage, {})) {
  const rendered = await renderEveryError();
  const driverCodes = Object.keys(DRIVER_ERROR_MESSAGES);
  const problems = [];
  for (const file of ERROR_TABLES) {
    problems.push(...errorTableProblems(file, await readText(file), rendered));
  }
  problems.push(...unnamedCodes(DRIVER_ERRORS, await readText(DRIVER_ERRORS), driverCodes));
  report(`${rendered.size} errors of registries, ${driverCodes.length} of drivers`, problems);
}
