import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isLayer, packageFiles } from '@purser/new-package';
import { manifestFaults } from './manifest-shape.ts';
import type { Problem } from './problem.ts';
import { readManifest, readText, WORKSPACE, type PackageManifest } from './workspace.ts';

/** What a package folder may hold beside what a new one gets: written by releases, builds and tests. */
const LATER_FILES = ['CHANGELOG.md', 'coverage', 'dist', 'node_modules'];

const EXPORT = /export (?:type )?\{[^{}]*\} from '\.\.?\/[^']+\.ts';/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/**
 * How a package differs from what `tools/new-package` would make of its name and layer. Free are: the sentences, the version,
 * dependencies, sub-paths of `exports`, more headings in the README, the content of `src`.
 */
export async function shapeProblems(folder: string): Promise<Problem[]> {
  const manifest = await readManifest(folder);
  const layer = manifest.nx?.tags.find((tag) => tag.startsWith('layer:'))?.replace('layer:', '');
  if (!isLayer(layer)) {
    return [{ file: `${folder}/package.json`, message: 'nx.tags: expected a known layer:…' }];
  }
  const expected = packageFiles({ name: basename(folder), layer, description: '' });
  const faultsByFile = {
    '': strangers(await readdir(join(WORKSPACE, folder)), expected),
    'package.json': manifestFaults(manifest, parse<PackageManifest>(expected, 'package.json')),
    'tsconfig.json': await jsonFaults(folder, expected, 'tsconfig.json'),
    'tsconfig.build.json': await jsonFaults(folder, expected, 'tsconfig.build.json'),
    'vitest.config.ts': await textFaults(folder, expected, 'vitest.config.ts'),
    'README.md': readmeFaults(await textOf(folder, 'README.md'), {
      name: manifest.name,
      expected: expected.get('README.md') ?? '',
    }),
    'src/index.ts': indexFaults(await textOf(folder, 'src/index.ts')),
  };
  return Object.entries(faultsByFile).flatMap(([file, faults]) =>
    faults.map((message) => ({ file: join(folder, file), message })),
  );
}

type Files = ReadonlyMap<string, string>;

function strangers(names: readonly string[], expected: Files): string[] {
  const known = new Set([...expected.keys()].map((path) => path.split('/')[0]));
  return names
    .filter((name) => !known.has(name) && !LATER_FILES.includes(name))
    .map((name) => `${name}: the common shape has no such file`);
}

async function jsonFaults(folder: string, expected: Files, file: string): Promise<string[]> {
  const found = JSON.stringify(JSON.parse((await textOf(folder, file)) || '{}'));
  const wanted = JSON.stringify(parse(expected, file));
  return found === wanted ? [] : [`expected ${wanted}`];
}

async function textFaults(folder: string, expected: Files, file: string): Promise<string[]> {
  const isSame = (await textOf(folder, file)) === expected.get(file);
  return isSame ? [] : ['expected what tools/new-package writes'];
}

interface ReadmeForm {
  readonly name: string;
  readonly expected: string;
}

function readmeFaults(text: string, { name, expected }: ReadmeForm): string[] {
  const form = headings(expected);
  const found = headings(text).filter((heading) => form.includes(heading));
  const faults = [
    ...(text.startsWith(`# ${name}\n`) ? [] : [`expected the title ${name}`]),
    ...(text.includes(`npm install ${name}`) ? [] : [`Install: expected npm install ${name}`]),
  ];
  if (found.join() !== form.join()) {
    return [...faults, `headings: expected ${form.join(', ')}, in this order`];
  }
  const sections = text.split(/^## /m).slice(1);
  const empty = sections.filter((section) => section.trim().split('\n').length === 1);
  return [...faults, ...empty.map((section) => `${section.trim()}: there is nothing under it`)];
}

function headings(text: string): string[] {
  return [...text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
}

function indexFaults(text: string): string[] {
  const isDescribed = text.startsWith('/**') && text.includes('@packageDocumentation');
  const rest = text.replace(COMMENT, '').replace(EXPORT, '').trim();
  return [
    ...(isDescribed ? [] : ['expected to begin with a comment that has @packageDocumentation']),
    ...(rest === '' ? [] : [`expected nothing but named exports, found: ${rest.split('\n')[0]}`]),
  ];
}

function parse<T = unknown>(files: Files, path: string): T {
  return JSON.parse(files.get(path) ?? 'null') as T;
}

/** Empty when there is no such file. */
async function textOf(folder: string, file: string): Promise<string> {
  return readText(join(folder, file)).catch(() => '');
}
