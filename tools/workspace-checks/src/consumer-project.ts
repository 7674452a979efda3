import { glob, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeBlocks } from './code-blocks.ts';
import type { RegistryStub } from './registry-stub.ts';
import { run } from './run-program.ts';
import { readText, WORKSPACE } from './workspace.ts';

/** Packages of others that the example of the root README needs. */
export const EXAMPLE_LIBRARIES = ['koa', '@types/koa', '@types/node'];

export const EXAMPLE = 'embedded.ts';

export interface ConsumerProjectOptions {
  readonly stub: RegistryStub;
  /** Names of the packages to install. */
  readonly packages: readonly string[];
}

/** Makes an empty project, outside the workspace, and installs packages into it by name. */
export async function createConsumerProject(
  folder: string,
  { stub, packages }: ConsumerProjectOptions,
): Promise<void> {
  await mkdir(folder);
  const manifest = { name: 'consumer', private: true, type: 'module' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, '.npmrc'), `@purser:registry=${stub.url}\n`);
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const words = ['install', `--registry=${stub.url}`, ...quiet, ...packages];
  await run('npm', words, { cwd: folder });
  await removeSources(folder);
}

/** What was built has to do without them; they are there to be read. */
async function removeSources(folder: string): Promise<void> {
  const sources = 'node_modules/{purser,@purser/*}/src';
  for await (const path of glob(sources, { cwd: folder })) {
    await rm(join(folder, path), { recursive: true });
  }
}

/** The program under the heading of the root README that tells how to embed. */
export async function readEmbeddingExample(): Promise<string> {
  const text = await readText('README.md');
  const heading = /^## .*embed.*$/im.exec(text);
  const [example] = codeBlocks({
    file: 'README.md',
    text: text.slice(heading?.index ?? text.length),
  }).filter(({ language }) => language === 'ts');
  if (example === undefined) throw new Error('README.md: no ts block under a heading with "Embed"');
  return example.text;
}

/** Compiles the example against the installed types. @throws Error with the output of the compiler. */
export async function compileExample(folder: string): Promise<void> {
  const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true };
  const configuration = {
    compilerOptions: { ...compilerOptions, types: ['node'] },
    files: [EXAMPLE],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
  await compile(folder);
}

/** Runs the compiler of this workspace in a folder with a `tsconfig.json`. @throws Error with its output. */
export async function compile(folder: string): Promise<void> {
  const compiler = join(WORKSPACE, 'node_modules/.bin/tsc');
  await run(compiler, ['--pretty', 'false'], { cwd: folder }).catch((error: unknown) => {
    const { stdout = '' } = error as { readonly stdout?: string };
    throw new Error(`${folder} does not compile: ${stdout}`, { cause: error });
  });
}
