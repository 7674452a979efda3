import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failFileSystem } from './fixtures/failing-file-system.ts';
import { createFakeTerminal } from './fixtures/fake-terminal.ts';
import { runCommand } from './fixtures/run-command.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { packageVersion } from './package-version.ts';

const run = (...words: string[]) => runCommand(words);

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

  describe('uploads', () => {
    async function withUpload(directory: string) {
      const upload = '0190a1b2-0000-4000-8000-000000000001';
      const path = join(directory, 'docker/registry/v2/repositories/a/_uploads', upload);
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'startedat'), '2020-01-01T00:00:00Z');
      await writeFile(join(path, 'data'), 'half');
      const file = join(directory, 'config.yml');
      await writeFile(
        file,
        `version: 0.1\nstorage: { filesystem: { rootdirectory: ${directory} } }\n`,
      );
      return { file, upload };
    }

    it('list prints each, and how many there are', async () => {
      await using directory = await createTemporaryDirectory();
      const { file, upload } = await withUpload(directory.path);
      const { status, output, errors } = await run('uploads', 'list', file);
      expect([status, errors]).toEqual([0, '']);
      expect(output).toContain(`a ${upload}: 4 bytes, begun 2020-01-01T00:00:00.000Z`);
      expect(output).toContain('1 unfinished uploads.');
    });

    it('purge removes what is older, once', async () => {
      await using directory = await createTemporaryDirectory();
      const { file, upload } = await withUpload(directory.path);
      const young = await run('uploads', 'purge', file, '--older-than', '1h');
      expect(young.output).toBe('Removed 0 uploads, 0 temporary files, 0 bytes.\n');
      const dry = await run('uploads', 'purge', file, '--older-than', '0', '--dry-run', '--json');
      expect(JSON.parse(dry.output)).toMatchObject({ repository: 'a', id: upload, size: 4 });
      const { output } = await run('uploads', 'purge', file, '--older-than', '0');
      expect(output).toContain('Removed 1 uploads, 0 temporary files, 4 bytes.');
      expect((await run('uploads', 'list', file)).output).toBe('0 unfinished uploads.\n');
    });

    it('purge refuses an age that is none', async () => {
      const { status, errors } = await run('uploads', 'purge', '--older-than', 'soon');
      expect(status).toBe(1);
      expect(errors).toContain('expected a duration such as 24h or 1h30m');
    });
  });

  it('check names what is damaged and whom it hurts, and its status says whether anything is', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'config.yml');
    const root = `storage: { filesystem: { rootdirectory: ${directory.path} } }`;
    await writeFile(file, `version: 0.1\n${root}\n`);
    const sound = await run('check', file, '--deep');
    expect([sound.status, sound.errors]).toEqual([0, 'Checking every blob, byte by byte.\n']);
    expect(sound.output).toContain('Sound.');
    const link = join(
      directory.path,
      'docker/registry/v2/repositories/a/_manifests/tags/v1/current',
    );
    await mkdir(link, { recursive: true });
    await writeFile(join(link, 'link'), `sha256:${'a'.repeat(64)}`);
    const damaged = await run('check', file);
    expect(damaged.status).toBe(1);
    expect(damaged.output).toContain('tags/v1/current/link: tag names no manifest: sha256:aaaa');
    expect(damaged.output).toContain(`hurts a:v1, a@sha256:aaaa`);
    const terminal = createFakeTerminal();
    await runCommand(['check', '--deep', file], { terminal });
    expect(terminal.drawn).toContain('checking repositories');
    const json = createFakeTerminal();
    await runCommand(['check', '--deep', '--json', file], { terminal: json });
    expect(json.drawn).toBe('');
    const repaired = await run('check', file, '--repair', '--json');
    expect(JSON.parse(repaired.output)).toMatchObject({ repair: { isRestored: false } });
    expect((await run('check', file)).status).toBe(0);
  });

  const storageCommands = [
    'check',
    'check --deep',
    'garbage-collect --dry-run',
    'index-referrers',
    'uploads list',
    'uploads purge',
  ];

  it.each(storageCommands)('%s says where and why storage failed', async (words) => {
    await using directory = await createTemporaryDirectory();
    await using configuration = await createTemporaryDirectory();
    const file = join(configuration.path, 'config.yml');
    const root = `storage: { filesystem: { rootdirectory: ${directory.path} } }`;
    await writeFile(file, `version: 0.1\n${root}\n`);
    await mkdir(join(directory.path, 'docker/registry/v2/repositories'), { recursive: true });
    using _failure = failFileSystem(join(directory.path, 'docker'), 'EIO');
    const { status, errors } = await run(...words.split(' '), file);
    expect(status).toBe(1);
    expect(errors.split('\n').at(-2)).toMatch(
      /^purser: filesystem: \w+ \/docker\/\S+: the storage cannot be reached, or fails to read or write: EIO: \w+$/,
    );
  });

  it.each(storageCommands)(
    '%s takes no directory that is not there for a registry',
    async (words) => {
      await using directory = await createTemporaryDirectory();
      const file = join(directory.path, 'config.yml');
      const absent = join(directory.path, 'not/mounted');
      const root = `storage: { filesystem: { rootdirectory: ${absent} } }`;
      await writeFile(file, `version: 0.1\n${root}\n`);
      const { status, output, errors } = await run(...words.split(' '), file);
      expect([status, output]).toEqual([1, '']);
      expect(errors).toMatch(`there is no registry in ${absent}: it does not exist;`);
      expect(await readdir(directory.path)).toEqual(['config.yml']);
    },
  );

  it.each(storageCommands.filter((words) => !words.startsWith('garbage-collect')))(
    '%s ends when it is asked to, with the status of a shell',
    async (words) => {
      await using directory = await createTemporaryDirectory();
      const file = join(directory.path, 'config.yml');
      const root = `storage: { filesystem: { rootdirectory: ${directory.path} } }`;
      await writeFile(file, `version: 0.1\n${root}\n`);
      const nextSignal = () => Promise.resolve('SIGINT');
      const { status, errors } = await runCommand([...words.split(' '), file], { nextSignal });
      expect(status).toBe(130);
      expect(errors.split('\n').at(-2)).toBe('purser: stopped by SIGINT');
    },
  );

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

describe('a configuration without a command', () => {
  it("is served, as by the entry point of distribution's image", async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'config.yaml');
    await writeFile(file, 'version: 7\nstorage: inmemory\n');
    const alone = await run(file);
    expect(alone).toEqual(await run('serve', file));
    expect(alone).toMatchObject({ status: 1, errors: expect.stringContaining('version') });
  });
});
