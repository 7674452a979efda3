import { readCommandLine } from '@purser/registry-under-test';
import { readDocuments } from './documents.ts';
import { report } from './problem.ts';
import { checkCommands } from './shell-examples.ts';
import { compileExamples } from './typescript-examples.ts';

const usage = `Compiles the TypeScript examples of all READMEs, documents and package comments, and checks that the programs,
scripts and packages that their shell examples name exist.

  npm run readmes -w tools/workspace-checks
`;

if (readCommandLine(usage, {})) {
  const documents = await readDocuments();
  const examples = await compileExamples(documents);
  const commands = await checkCommands(documents);
  const subject = `${examples.count} examples and ${commands.count} commands in ${documents.length} documents`;
  report(subject, [...examples.problems, ...commands.problems]);
}
