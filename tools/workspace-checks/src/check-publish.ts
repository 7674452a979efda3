import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommandLine } from '@purser/registry-under-test';
import { checkInScratch } from './check-in-scratch.ts';
import { compileImporters, importableNames, loadPackages } from './compile-importers.ts';
import {
  compileExample,
  createConsumerProject,
  EXAMPLE,
  EXAMPLE_LIBRARIES,
  readEmbeddingExample,
} from './consumer-project.ts';
import {
  publish,
  publishablePackages,
  requireBuilds,
  startStub,
  type PublishedPackage,
} from './publish-packages.ts';
import { pushAndPullBlob } from './round-trip.ts';
import { run, RunningProgram } from './run-program.ts';

const usage = `Publishes every package to an npm registry on the loopback interface, installs them by name into an empty project, compiles
and loads programs that import each of them, and runs the embedding example of the root README and the purser command.

  npm run build && npm run publish-check -w tools/workspace-checks

Other packages come from the npm registry that this machine uses. Nothing is left behind.
`;

if (readCommandLine(usage, {})) await checkInScratch('purser-publish-', checkPublishing);

/** @returns What was published, in words. */
async function checkPublishing(scratch: string): Promise<string> {
  const packages = await publishablePackages();
  await requireBuilds(packages);
  await using stub = await startStub(packages);
  const published = await publish(packages, { stub, scratch });
  const project = join(scratch, 'consumer');
  const own = packages.map(({ name }) => name);
  await createConsumerProject(project, { stub, packages: [...own, ...EXAMPLE_LIBRARIES] });
  const names = await importableNames(packages);
  const importers = await compileImporters(project, names);
  await loadPackages(project, names);
  await checkExample(project);
  await checkCommand(project, published);
  return [
    `${published.length} packages work from an empty project, and their types compile from: ${importers}`,
    ...table(published),
  ].join('\n');
}

async function checkExample(project: string): Promise<void> {
  await writeFile(join(project, EXAMPLE), await readEmbeddingExample());
  await compileExample(project);
  await using program = new RunningProgram(process.execPath, [EXAMPLE], {
    cwd: project,
    environment: { PORT: '0' },
  });
  const [, port] = await program.until(/port: (\d+)/);
  await pushAndPullBlob(`http://127.0.0.1:${port}`);
}

async function checkCommand(
  project: string,
  published: readonly PublishedPackage[],
): Promise<void> {
  const version = published.find(({ name }) => name === 'purser')?.version;
  const told = await run('npx', ['purser', '--version'], { cwd: project });
  assert.equal(told.trim(), `purser ${version}`);
  const command = join(project, 'node_modules/.bin/purser');
  await using program = new RunningProgram(command, ['serve'], {
    cwd: project,
    environment: { REGISTRY_HTTP_ADDR: '127.0.0.1:0' },
  });
  const [, url = ''] = await program.until(/serves (http:\/\/\S+) from/);
  const answer = await fetch(`${url}/v2/`);
  assert.equal(answer.status, 200);
  await pushAndPullBlob(url);
}

function table(published: readonly PublishedPackage[]): readonly string[] {
  const rows = published.map(({ name, version, size, unpackedSize, entryCount }) => [
    `${name}@${version}`,
    `${kilobytes(size)} packed`,
    `${kilobytes(unpackedSize)} unpacked`,
    `${entryCount} files`,
  ]);
  return rows.map(
    ([name = '', ...numbers]) =>
      `  ${name.padEnd(34)}${numbers.map((text) => text.padStart(18)).join('')}`,
  );
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
