import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCommandLine } from '@purser/registry-under-test';
import {
  compileExample,
  createConsumerProject,
  EXAMPLE,
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

const usage = `Publishes every package to an npm registry on the loopback interface, installs them by name into an empty project, runs
the embedding example of the root README there, and the purser command.

  npm run build && npm run publish-check -w tools/workspace-checks

Other packages come from the npm registry that this machine uses. Nothing is left behind.
`;

if (readCommandLine(usage, {})) {
  const scratch = await mkdtemp(join(tmpdir(), 'purser-publish-'));
  try {
    const published = await checkPublishing(scratch);
    const verdict = `ok: ${published.length} packages work from an empty project\n`;
    process.stdout.write(verdict + table(published));
  } catch (error) {
    process.stdout.write(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
    process.exitCode = 1;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function checkPublishing(scratch: string): Promise<readonly PublishedPackage[]> {
  const packages = await publishablePackages();
  await requireBuilds(packages);
  await using stub = await startStub(packages);
  const published = await publish(packages, { stub, scratch });
  const project = join(scratch, 'consumer');
  await createConsumerProject(project, { stub });
  await checkExample(project);
  await checkCommand(project, published);
  return published;
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

function table(published: readonly PublishedPackage[]): string {
  const rows = published.map(({ name, version, size, unpackedSize, entryCount }) => [
    `${name}@${version}`,
    `${kilobytes(size)} packed`,
    `${kilobytes(unpackedSize)} unpacked`,
    `${entryCount} files`,
  ]);
  return rows
    .map(
      ([name = '', ...numbers]) =>
        `  ${name.padEnd(34)}${numbers.map((text) => text.padStart(18)).join('')}\n`,
    )
    .join('');
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
