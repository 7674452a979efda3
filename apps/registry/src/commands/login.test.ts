import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  startGuardedRegistry,
  type GuardedRegistry,
} from '../fixtures/guarded-registry.ts';
import { runCommand, type RunOptions } from '../fixtures/run-command.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';

let registry: GuardedRegistry;
let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let kept: string;
const run = (words: readonly string[], options: RunOptions = {}) =>
  runCommand(words, { environment: { DOCKER_CONFIG: directory.path }, ...options });

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  registry = await startGuardedRegistry();
  kept = join(directory.path, 'config.json');
});

afterEach(async () => {
  await registry[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

describe('purser login', { timeout: 60_000 }, () => {
  it('keeps credentials that were piped in, for every other command, until logout', async () => {
    const { host } = registry;
    expect(await run(['ls', host])).toMatchObject({ status: 1 });
    const login = ['login', host, '--username', ACCOUNT.username, '--password-stdin'];
    expect(await run(login, { input: `${ACCOUNT.password}\n` })).toEqual({
      status: 0,
      output: `Logged in to ${host} as me; kept in ${kept}\n`,
      errors: '',
    });
    const encoded = Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64');
    expect(JSON.parse(await readFile(kept, 'utf8'))).toEqual({
      auths: { [host]: { auth: encoded } },
    });
    expect(await run(['ls', host])).toEqual({ status: 0, output: 'mine\n', errors: '' });
    expect((await run(['logout', host])).output).toBe(`Logged out of ${host}\n`);
    expect((await run(['logout', host])).output).toBe(`There were no credentials for ${host}\n`);
    expect(await run(['ls', host])).toMatchObject({ status: 1 });
  });

  it('asks at a terminal, and keeps them where it is told to', async () => {
    const asked: string[] = [];
    const answer = (text: string) => async (question: string) => {
      asked.push(question);
      return text;
    };
    const terminal = {
      stream: new PassThrough(),
      ask: answer(ACCOUNT.username),
      askSecret: answer(ACCOUNT.password),
    };
    const file = join(directory.path, 'mine.json');
    const words = ['login', registry.host, '--authfile', file];
    expect(await run(words, { terminal })).toMatchObject({ status: 0, errors: '' });
    expect(asked).toEqual(['Username: ', 'Password:']);
    expect([existsSync(file), existsSync(kept)]).toEqual([true, false]);
    expect((await run(['ls', '--authfile', file, registry.host])).output).toBe('mine\n');
  });

  it('says that the user name or the password is wrong, and keeps nothing', async () => {
    const words = ['login', registry.host, '-u', 'me', '--password-stdin'];
    const { status, output, errors } = await run(words, { input: 'a wrong secret' });
    expect([status, output]).toEqual([1, '']);
    expect(errors).toBe(
      `purser: ${registry.host} refuses this user name or password; some registries want an access token as the password\n`,
    );
    expect(errors).not.toContain('a wrong secret');
    expect(existsSync(kept)).toBe(false);
  });

  it('says what is missing where nobody can be asked', async () => {
    const { host } = registry;
    expect((await run(['login', host])).errors).toBe(
      'purser: say who logs in: --username <name>\n',
    );
    expect((await run(['login', host, '-u', 'me'])).errors).toBe(
      'purser: there is no terminal to ask for a password at: pipe it in, with --password-stdin\n',
    );
    const empty = ['login', host, '-u', 'me', '--password-stdin'];
    expect((await run(empty)).errors).toBe(
      'purser: no password was piped in, which --password-stdin waits for\n',
    );
  });

  it('is not needed with credentials on the command line', async () => {
    const creds = `${ACCOUNT.username}:${ACCOUNT.password}`;
    expect((await run(['ls', '--creds', creds, registry.host])).output).toBe('mine\n');
  });
});
