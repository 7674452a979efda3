import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from './consumer-project.ts';
import type { PublishablePackage } from './publish-packages.ts';
import { run } from './run-program.ts';
import { readManifest } from './workspace.ts';

/** One way in which TypeScript finds and checks the types of a package. */
interface Importer {
  readonly module: string;
  readonly resolution: string;
  readonly type: 'module' | 'commonjs';
  /** Whether packages are imported by `import()` only: TypeScript's `node16` is a Node.js without `require` of ES modules. */
  readonly isDynamic?: boolean;
}

const IMPORTERS: readonly Importer[] = [
  { module: 'nodenext', resolution: 'nodenext', type: 'module' },
  { module: 'nodenext', resolution: 'nodenext', type: 'commonjs' },
  { module: 'node16', resolution: 'node16', type: 'module' },
  { module: 'node16', resolution: 'node16', type: 'commonjs', isDynamic: true },
  { module: 'esnext', resolution: 'bundler', type: 'module' },
  { module: 'preserve', resolution: 'bundler', type: 'commonjs' },
];

const PROGRAM = 'importer.ts';

/** Every name by which code of a package can be imported: `@purser/core`, `@purser/core/testing`. */
export async function importableNames(packages: readonly PublishablePackage[]): Promise<string[]> {
  const names = packages.map(async ({ folder, name }) => {
    const { exports = {} } = await readManifest(folder);
    const paths = Object.keys(exports).filter((path) => !path.endsWith('.json'));
    return paths.map((path) => name + path.slice(1));
  });
  return (await Promise.all(names)).flat();
}

/**
 * Compiles, in a project that has the packages installed, programs that import every one of them. The compiler also checks the
 * declarations of the packages, as it does by default.
 *
 * @returns A description of the importers.
 * @throws Error with the output of the compiler.
 */
export async function compileImporters(project: string, names: readonly string[]): Promise<string> {
  for (const importer of IMPORTERS) {
    const folder = join(project, `${importer.resolution}-${importer.type}`);
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: importer.type }));
    await writeFile(join(folder, PROGRAM), programFor(importer, names));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configurationFor(importer)));
    await compile(folder);
  }
  return IMPORTERS.map(describe).join(', ');
}

/** Loads every package with `require` and with `import`. @throws Error with the output of Node.js. */
export async function loadPackages(project: string, names: readonly string[]): Promise<void> {
  const list = JSON.stringify(names);
  const required = `for (const name of ${list}) require(name);`;
  await run(process.execPath, ['--input-type=commonjs', '--eval', required], { cwd: project });
  const imported = `for (const name of ${list}) await import(name);`;
  await run(process.execPath, ['--input-type=module', '--eval', imported], { cwd: project });
}

function programFor({ isDynamic = false }: Importer, names: readonly string[]): string {
  if (isDynamic) {
    const imports = names.map((name) => `  import('${name}'),`);
    return `export const load = () => Promise.all([\n${imports.join('\n')}\n]);\n`;
  }
  const imports = names.map((name, index) => `import * as module${index} from '${name}';`);
  return `${imports.join('\n')}\nexport const modules = [${names.map((_, index) => `module${index}`).join(', ')}];\n`;
}

function configurationFor({ module, resolution }: Importer): object {
  return {
    compilerOptions: {
      module,
      moduleResolution: resolution,
      target: 'es2024',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
    },
    files: [PROGRAM],
  };
}

function describe({ resolution, type }: Importer): string {
  return `${resolution} ${type}`;
}
