import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { codeBlocks, type CodeBlock, type Document } from './code-blocks.ts';
import type { Problem } from './problem.ts';
import { WORKSPACE } from './workspace.ts';

/** Inside the workspace, so that its packages are found, and where git does not look. */
const PARENT = join(WORKSPACE, 'node_modules/.cache/purser-examples');

const CONFIGURATION = {
  extends: join(WORKSPACE, 'tsconfig.base.json'),
  compilerOptions: { noEmit: true },
  include: ['*.mts'],
  // The folder is below one that is left out by default.
  exclude: [],
};

const ERROR = /^(.+?)\((\d+),\d+\): error (.*)$/;
/** A class, function or type at the beginning of a line, and what it is called. */
const DECLARATION = /^(export )?(?:abstract |async )?(class|function|interface|type) (\w+)/gm;

interface Example extends CodeBlock {
  readonly file: string;
}

export interface Compilation {
  /** How many examples there were. */
  readonly count: number;
  readonly problems: readonly Problem[];
}

/**
 * Compiles every `ts` block of the documents against the sources of the workspace, each as a module of its own. It may use the
 * classes, functions and types which an earlier block of the same document declares.
 */
export async function compileExamples(documents: readonly Document[]): Promise<Compilation> {
  const examples = documents.map(examplesOf);
  const modules = examples.flatMap((ofOne) =>
    ofOne.map((example, index) => ({ example, earlier: ofOne.slice(0, index) })),
  );
  const all = modules.map(({ example }) => example);
  await mkdir(PARENT, { recursive: true });
  const folder = await mkdtemp(join(PARENT, 'run-'));
  try {
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(CONFIGURATION));
    for (const [index, { example, earlier }] of modules.entries()) {
      const first = index - earlier.length;
      const content = moduleOf(example, importsOf(example, { earlier, first }));
      await writeFile(join(folder, `${index}.mts`), content);
    }
    const output = await compile(folder);
    return { count: all.length, problems: problemsIn(output, { folder, examples: all }) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function examplesOf(document: Document): Example[] {
  return codeBlocks(document)
    .filter(({ language }) => language === 'ts')
    .map((block) => ({ ...block, file: document.file }));
}

/** The imports take one line, so that line 2 of the module is line 1 of the example. */
function moduleOf({ text }: Example, imports: string): string {
  const exports = declarations(text).filter(({ isExported }) => !isExported);
  return `${imports}\n${text}\nexport { ${exports.map(({ binding }) => binding).join(', ')} };\n`;
}

interface Earlier {
  readonly earlier: readonly Example[];
  /** The number of the first of them. */
  readonly first: number;
}

function importsOf({ text }: Example, { earlier, first }: Earlier): string {
  const own = declarations(text).map(({ name }) => name);
  const imported = text.match(/^import [^;]*;/gm)?.join(' ') ?? '';
  const isNeeded = (name: string) =>
    mentions(text, name) && !own.includes(name) && !mentions(imported, name);
  return earlier
    .flatMap((example, index) =>
      declarations(example.text)
        .filter(({ name }) => isNeeded(name))
        .map(({ binding }) => `import { ${binding} } from './${first + index}.mts';`),
    )
    .join(' ');
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text);
}

interface Declaration {
  readonly name: string;
  /** In a list of imports or exports. */
  readonly binding: string;
  readonly isExported: boolean;
}

function declarations(text: string): Declaration[] {
  return [...text.matchAll(DECLARATION)].map(([, exported, keyword = '', name = '']) => ({
    name,
    binding: ['interface', 'type'].includes(keyword) ? `type ${name}` : name,
    isExported: exported !== undefined,
  }));
}

interface Compiled {
  readonly folder: string;
  readonly examples: readonly Example[];
}

async function compile(folder: string): Promise<string> {
  const compiler = join(WORKSPACE, 'node_modules/.bin/tsc');
  return new Promise((resolve, reject) => {
    execFile(compiler, ['--pretty', 'false'], { cwd: folder }, (error, stdout) => {
      // Only a compiler that ran has something to say on its output.
      if (error !== null && stdout === '') reject(error);
      else resolve(stdout);
    });
  });
}

function problemsIn(output: string, { folder, examples }: Compiled): Problem[] {
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith(' '));
  return lines.map((line) => {
    const [, path, row, message] = ERROR.exec(line) ?? [];
    if (path === undefined || message === undefined) return { file: 'tsc', message: line };
    const example = examples[Number(path.replace('.mts', ''))];
    return example === undefined
      ? { file: relative(WORKSPACE, join(folder, path)), line: Number(row), message }
      : { file: example.file, line: example.line + Number(row) - 2, message };
  });
}
