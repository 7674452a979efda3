import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from './command-line.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { packageVersion } from './package-version.ts';

async function run(...words: string[]) {
  let output = '';
  let errors = '';
  const status = await runCommandLine(words, {
    pid: 1,
    environment: {},
    writeOutput: (line) => void (output += line),
    writeError: (line) => void (errors += line),
    nextSignal: () => new Promise(() => {}),
  });
  return { status, output, errors };
}

describe('the purser command', () => {
  it.each([['--version'], ['-v']])('%s prints the version', async (option) => {
    const version = `purser ${packageVersion()}\n`;
    expect(await run(option)).toEqual({ status: 0, output: version, errors: '' });
  });

  it.each([['--help'], ['-h'], ['help']])(
    '%s prints examples, configuration, environment',
    async (word) => {
      const { status, output, errors } = await run(word);
      expect([status, errors]).toEqual([0, '']);
      for (const heading of ['Usage: purser', 'Examples:', 'Configuration:', 'Environment:']) {
        expect(output).toContain(heading);
      }
    },
  );

  it('index-referrers tells what it looked through', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'config.yml');
    await writeFile(file, 'version: 0.1\nstorage: inmemory\n');
    const { status, output, errors } = await run('index-referrers', file);
    expect([status, errors]).toEqual([0, '']);
    expect(output).toContain('Done: 0 repositories.');
  });

  describe('notifications redeliver', () => {
    const config = (outbox: string) =>
      `version: 0.1\nstorage: inmemory\nnotifications:\n  endpoints: [{ name: ci, url: http://localhost:1 }]\n${outbox}`;

    it('counts the events that are sent again', async () => {
      await using directory = await createTemporaryDirectory();
      const file = join(directory.path, 'config.yml');
      await writeFile(file, config(`  outbox: { directory: ${directory.path}/outbox }\n`));
      expect(await run('notifications', 'redeliver', file, '--endpoint', 'ci')).toEqual({
        status: 0,
        output: '0 events are sent again by the server, behind those that wait.\n',
        errors: '',
      });
      expect(await run('notifications', 'redeliver', file, '--endpoint', 'other')).toEqual({
        status: 1,
        output: '',
        errors: 'no endpoint other; expected one of ci\n',
      });
    });

    it('needs an outbox', async () => {
      await using directory = await createTemporaryDirectory();
      const file = join(directory.path, 'config.yml');
      await writeFile(file, config(''));
      const { status, errors } = await run('notifications', 'redeliver', file);
      expect([status, errors]).toEqual([
        1,
        'there is no outbox that keeps events: set notifications.outbox.directory\n',
      ]);
    });
  });

  it('without arguments prints its help', async () => {
    expect(await run()).toEqual(await run('--help'));
  });

  it('refuses an unknown command, with a suggestion', async () => {
    expect(await run('sevre')).toEqual({
      status: 1,
      output: '',
      errors: "error: unknown command 'sevre'\n(Did you mean serve?)\n",
    });
  });

  it.each([[['serve', '--port', '1']], [['serve', 'a.yml', 'b.yml']]])(
    'refuses %j',
    async (words) => {
      const { status, output, errors } = await run(...words);
      expect([status, output]).toEqual([1, '']);
      expect(errors).toMatch(/^error: /);
    },
  );

  it('tells in one line that the configuration file is not there', async () => {
    expect(await run('serve', 'nowhere.yml')).toEqual({
      status: 1,
      output: '',
      errors: 'nowhere.yml: there is no such configuration file\n',
    });
  });
});
