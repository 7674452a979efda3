import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { codeBlocks, type Document } from './code-blocks.ts';
import type { Problem } from './problem.ts';
import { packageFolders, readManifest, WORKSPACE, type PackageManifest } from './workspace.ts';

const LANGUAGES = ['sh', 'bash', 'shell', 'console'];

/** Programs of the system that examples may use. Anything else is a program of ours, or a mistake. */
const SYSTEM_PROGRAMS = [
  'apt-get',
  'buildah',
  'cd',
  'curl',
  'docker',
  'git',
  'mkdir',
  'podman',
  'skopeo',
];

/** Commands of npm that take names of packages. */
const INSTALLING = ['add', 'i', 'install'];
/** Commands of npm that need nothing of the workspace. */
const OTHER = ['ci', 'exec', 'init', 'publish'];
const SHORT_FOR_RUN = ['restart', 'start', 'stop', 'test'];

/** A command of an example, in words. */
interface Command {
  readonly file: string;
  readonly line: number;
  readonly words: readonly string[];
}

export interface ShellCheck {
  /** How many commands there were. */
  readonly count: number;
  readonly problems: readonly Problem[];
}

/** Checks that programs, scripts, packages and files named by the commands of the documents exist. */
export async function checkCommands(documents: readonly Document[]): Promise<ShellCheck> {
  const packages = await readPackages();
  const commands = documents.flatMap((document) => [
    ...blockCommands(document),
    ...quoted(document),
  ]);
  const problems = await Promise.all(
    commands.map(async ({ file, line, words }) => {
      const message = await faultOf(words, packages);
      return message === undefined
        ? []
        : [{ file, line, message: `${words.join(' ')}: ${message}` }];
    }),
  );
  return { count: commands.length, problems: problems.flat() };
}

type Packages = ReadonlyMap<string, PackageManifest>;

/** By name, and by folder; the root as the empty text. */
async function readPackages(): Promise<Packages> {
  const packages = new Map([['', await readManifest('')]]);
  for (const group of ['packages', 'apps', 'tools', 'examples'] as const) {
    for (const folder of await packageFolders(group)) {
      const manifest = await readManifest(folder);
      packages.set(folder, manifest).set(manifest.name, manifest);
    }
  }
  return packages;
}

function blockCommands(document: Document): Command[] {
  const blocks = codeBlocks(document).filter(({ language }) => LANGUAGES.includes(language));
  return blocks.flatMap(({ text, line }) => {
    const lines = text.split('\n').map((content, index) => ({ content, line: line + index }));
    // Where there are prompts, the other lines are output.
    const typed = lines.filter(({ content }) => content.startsWith('$ '));
    return (typed.length > 0 ? typed : lines).flatMap(({ content, line: row }) =>
      split(content.replace(/^\$ /, '')).map((words) => ({
        file: document.file,
        line: row,
        words,
      })),
    );
  });
}

/** Commands of npm in running text. */
function quoted({ file, text }: Document): Command[] {
  return text
    .split('\n')
    .flatMap((content, index) =>
      [...content.matchAll(/`((?:npm|npx) [^`…]+)`/g)].flatMap(([, command = '']) =>
        split(command).map((words) => ({ file, line: index + 1, words })),
      ),
    );
}

/** The commands of a line, without comments and variables. */
function split(line: string): string[][] {
  return line
    .replace(/(^|\s)#.*$/, '')
    .split(/&&|\|\||[;|]/)
    .map((command) => command.trim().split(/\s+/))
    .map((words) => words.slice(words.findIndex((word) => !/^\w+=/.test(word))))
    .filter(([program = '']) => program !== '');
}

async function faultOf(words: readonly string[], packages: Packages): Promise<string | undefined> {
  const [program = '', ...rest] = words;
  if (program === 'npm') return npmFault(rest, packages);
  const plain = rest.filter((word) => !word.startsWith('-'));
  if (program === 'npx') return missing(`node_modules/.bin/${plain[0] ?? ''}`);
  if (program === 'bash' || program === 'node') return missing(plain[0] ?? '');
  if (SYSTEM_PROGRAMS.includes(program)) return undefined;
  return missing(`node_modules/.bin/${program}`);
}

function npmFault(words: readonly string[], packages: Packages): string | undefined {
  const folder = words.indexOf('-w');
  const name = folder < 0 ? '' : (words[folder + 1] ?? '');
  const [command = '', ...names] = words.filter(
    (word, index) => !word.startsWith('-') && index !== folder + (folder < 0 ? 0 : 1),
  );
  if (OTHER.includes(command)) return undefined;
  if (INSTALLING.includes(command)) return unknownPackage(names, packages);
  const isRun = command === 'run';
  if (!isRun && !SHORT_FOR_RUN.includes(command))
    return `npm ${command} is not a command that is known`;
  return unknownScript(packages.get(name), { name, script: isRun ? (names[0] ?? '') : command });
}

function unknownPackage(names: readonly string[], packages: Packages): string | undefined {
  const unknown = names.find((name) => name.startsWith('@purser/') && !packages.has(name));
  return unknown === undefined ? undefined : `there is no package ${unknown}`;
}

function unknownScript(
  manifest: PackageManifest | undefined,
  { name, script }: { readonly name: string; readonly script: string },
): string | undefined {
  if (manifest === undefined) return `there is no package ${name}`;
  if (manifest.scripts?.[script] !== undefined) return undefined;
  return `${name === '' ? 'the workspace' : name} has no script ${script}`;
}

async function missing(path: string): Promise<string | undefined> {
  try {
    await access(join(WORKSPACE, path));
    return undefined;
  } catch {
    return `there is no ${path}`;
  }
}
