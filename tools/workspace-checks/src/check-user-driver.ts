import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readCommandLine } from '@purser/registry-under-test';
import { checkInScratch } from './check-in-scratch.ts';
import { createConsumerProject } from './consumer-project.ts';
import { publish, publishablePackages, requireBuilds, startStub } from './publish-packages.ts';
import { pullImage, pushImage } from './round-trip.ts';
import { run, RunningProgram } from './run-program.ts';
import { readManifest } from './workspace.ts';

const EXAMPLE = 'examples/storage-driver-sqlite';

const usage = `Publishes every package, and the example of a storage driver, to an npm registry on the loopback interface, and installs
the registry and the driver by name into an empty project. There an image is pushed and pulled, before and after a restart; with
skopeo, where that is installed, it is also copied out and in.

  npm run build && npm run driver-check -w tools/workspace-checks

Other packages come from the npm registry that this machine uses. Nothing is left behind.
`;

if (readCommandLine(usage, {})) await checkInScratch('purser-driver-', checkDriver);

/** @returns What was found, in words. */
async function checkDriver(scratch: string): Promise<string> {
  const { name } = await readManifest(EXAMPLE);
  const packages = [...(await publishablePackages()), { name, folder: EXAMPLE }];
  await requireBuilds(packages);
  await using stub = await startStub(packages);
  await publish(packages, { stub, scratch });
  const project = join(scratch, 'consumer');
  await createConsumerProject(project, { stub, packages: ['purser', name] });

  await writeFile(join(project, 'missing.yml'), configuration('purser-driver-that-is-missing'));
  await checkRefusal(project, 'missing.yml');
  await writeFile(join(project, 'config.yml'), configuration(name));
  const tools = await checkImages(project);
  return `an image in ${name}, before and after a restart, with ${tools}`;
}

function configuration(module: string): string {
  return `version: 0.1
storage:
  sqlite:
    module: ${module}
    file: registry.db
http:
  addr: 127.0.0.1:0
`;
}

/** A driver that is not there ends the start with one line, which tells how to get it. */
async function checkRefusal(project: string, path: string): Promise<void> {
  const failure = (await run('npx', ['purser', 'serve', path], { cwd: project }).then(
    () => assert.fail('a registry started without its driver'),
    (error: unknown) => error,
  )) as { readonly stderr: string };
  assert.match(failure.stderr, /storage\.sqlite\.module: [^\n]+; npm install [^\n]+\n$/);
}

/** @returns The clients that were used. */
async function checkImages(project: string): Promise<string> {
  const image = await withRegistry(project, async (url) => {
    const pushed = await pushImage(url, 'v1');
    await pullImage(url, pushed);
    return pushed;
  });
  return withRegistry(project, async (url) => {
    await pullImage(url, image);
    return (await copyWithSkopeo(url, project)) ? 'fetch and skopeo' : 'fetch alone';
  });
}

/** Serves in a process of its own, which is stopped afterwards. */
async function withRegistry<T>(project: string, work: (url: string) => Promise<T>): Promise<T> {
  const command = join(project, 'node_modules/.bin/purser');
  await using program = new RunningProgram(command, ['serve', 'config.yml'], { cwd: project });
  const [, url = ''] = await program.until(/listening on (http:\/\/[\d.:]+)/);
  return await work(url);
}

/** Copies the image to a folder, and from there into another repository. @returns Whether there is skopeo. */
async function copyWithSkopeo(url: string, project: string): Promise<boolean> {
  const folder = `dir:${join(project, 'image')}`;
  const repositories = `docker://${new URL(url).host}/consumer`;
  const copy = ['--insecure-policy', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false'];
  const skopeo = (...words: readonly string[]) =>
    promisify(execFile)('skopeo', [...copy, ...words]);
  try {
    await skopeo(`${repositories}/sample:v1`, folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  await skopeo(folder, `${repositories}/copy:v1`);
  return true;
}
