import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMAND_FILE, PurserProcess } from './fixtures/purser-process.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { packageVersion } from './package-version.ts';

function runFile(file: string, nodeOptions: readonly string[] = []) {
  const result = spawnSync(process.execPath, [...nodeOptions, file, '--version'], {
    encoding: 'utf8',
  });
  return { status: result.status, output: result.stdout, errors: result.stderr };
}

describe('bin/purser.js', () => {
  it('runs the sources in a checkout, also through a link in node_modules', async () => {
    await using directory = await createTemporaryDirectory();
    const link = join(directory.path, 'node_modules/.bin/purser');
    await mkdir(join(directory.path, 'node_modules/.bin'), { recursive: true });
    await symlink(COMMAND_FILE, link);
    const version = { status: 0, output: `purser ${packageVersion()}\n`, errors: '' };
    expect(runFile(COMMAND_FILE)).toEqual(version);
    expect(runFile(link)).toEqual(version);
  });

  it('runs what was built when it is installed', async () => {
    await using directory = await createTemporaryDirectory();
    const root = join(directory.path, 'node_modules/purser');
    await mkdir(join(root, 'bin'), { recursive: true });
    await mkdir(join(root, 'dist'));
    await copyFile(COMMAND_FILE, join(root, 'bin/purser.js'));
    await writeFile(join(root, 'package.json'), '{ "type": "module" }');
    await writeFile(join(root, 'dist/main.js'), "console.log('built')");
    expect(runFile(join(root, 'bin/purser.js'))).toMatchObject({ status: 0, output: 'built\n' });
  });

  it('tells an older Node.js in one line what is needed', async () => {
    await using directory = await createTemporaryDirectory();
    const preload = join(directory.path, 'old.cjs');
    await writeFile(
      preload,
      "Object.defineProperty(process.versions, 'node', { value: '20.1.0' });" +
        "Object.defineProperty(process, 'version', { value: 'v20.1.0' });",
    );
    expect(runFile(COMMAND_FILE, ['--require', preload])).toEqual({
      status: 1,
      output: '',
      errors:
        'purser needs Node.js 24 or newer; this is v20.1.0 (in a checkout, npx purser brings its own)\n',
    });
  });

  it('ends when all it printed has been read, however slowly', async () => {
    await using directory = await createTemporaryDirectory();
    const text = 'x'.repeat(4_000_000);
    await writeFile(
      join(directory.path, 'config.yml'),
      `version: 0.1\nlog: { fields: { text: ${text} } }\nstorage: inmemory\n`,
    );
    const words = ['config', 'print', 'config.yml'];
    await using printing = new PurserProcess(words, { cwd: directory.path });
    expect(await printing.exitStatus).toBe(0);
    expect(printing.output.length).toBeGreaterThan(text.length);
    expect(printing.output.endsWith('\n')).toBe(true);
  });

  it('a signal ends a start that waits for a file that never comes', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'config.yml');
    execFileSync('mkfifo', [file]);
    await using serving = new PurserProcess(['serve', file], { cwd: directory.path });
    await using _writer = await open(file, 'w');
    serving.signal('SIGTERM');
    expect(await serving.exitStatus).toBe(null);
  });

  it('begins as a program of Node.js', async () => {
    expect(await readFile(COMMAND_FILE, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
