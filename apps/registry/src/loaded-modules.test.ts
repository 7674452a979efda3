import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** Prints the files that a process has loaded, one a line, when it ends. */
const PRINT_FILES = `
  import { registerHooks } from 'node:module';
  const files = [];
  registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
  process.on('exit', () => console.error(files.join('\\n')));
`;

async function loadedBy(...words: readonly string[]): Promise<readonly string[]> {
  const preload = `data:text/javascript,${encodeURIComponent(PRINT_FILES)}`;
  const main = new URL('main.ts', import.meta.url).pathname;
  const parameters = ['--conditions=@purser/source', '--import', preload, main, ...words];
  const { stderr } = await promisify(execFile)(process.execPath, parameters);
  return stderr.split('\n').filter((file) => file.startsWith('file:'));
}

describe('the modules that a command loads', () => {
  it.each(['--help', '--version', 'serve --help', 'ls --help', 'help garbage-collect'])(
    'are none of the server and of storage for purser %s',
    async (words) => {
      const files = await loadedBy(...words.split(' '));
      const named = files.map((file) =>
        file.replace(/.*\/(?=(?:apps|packages|node_modules)\/)/, ''),
      );
      expect(named).toContain('apps/registry/src/command-line.ts');
      expect(named.filter((file) => /create\/|packages\/(?!core\/)|zod|koa/.test(file))).toEqual(
        [],
      );
    },
  );
});
