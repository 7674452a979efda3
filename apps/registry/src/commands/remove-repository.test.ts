import { parseRepositoryName } from '@purser/core';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from '../fixtures/run-command.ts';
import { pushSampleImage } from '../fixtures/sample-images.ts';
import { startRegistry, type RunningRegistry } from '../start-registry.ts';

let running: RunningRegistry | undefined;

afterEach(() => running?.close());

async function start(repositories: boolean) {
  running = await startRegistry({
    storage: { inmemory: {}, delete: { enabled: true, repositories } },
  });
  const { registry, url } = running;
  for (const name of ['team/app', 'team/app/below']) {
    await pushSampleImage(registry.repository(parseRepositoryName(name)));
  }
  const { host } = new URL(url);
  return {
    name: `${host}/team/app`,
    left: async () => (await runCommand(['ls', host])).output,
  };
}

const ALL = 'team/app\nteam/app/below\n';

function terminalThatSays(answer: string) {
  return { stream: process.stderr, ask: async () => answer, askSecret: async () => '' };
}

describe('purser rm --repository', { timeout: 60_000 }, () => {
  it('removes a repository, and not those below it', async () => {
    const { name, left } = await start(true);
    expect(await runCommand(['rm', '--repository', '--yes', name])).toEqual({
      status: 0,
      output: `Removed the repository ${name}, with all its tags and manifests\n`,
      errors: '',
    });
    expect(await left()).toBe('team/app/below\n');
    const again = await runCommand(['rm', '--repository', '--yes', name]);
    expect([again.status, again.errors]).toEqual([1, expect.stringMatching(/^purser: .*404.*\n$/)]);
  });

  it('asks first, and removes nothing unless the answer is yes', async () => {
    const { name, left } = await start(true);
    for (const answer of ['', 'n', 'yesterday']) {
      const terminal = terminalThatSays(answer);
      expect(await runCommand(['rm', '--repository', name], { terminal })).toEqual({
        status: 1,
        output: 'Nothing was removed\n',
        errors: '',
      });
    }
    expect(await left()).toBe(ALL);
    const terminal = terminalThatSays('Y');
    expect(await runCommand(['rm', '--repository', name], { terminal })).toMatchObject({
      status: 0,
    });
    expect(await left()).toBe('team/app/below\n');
  });

  it('wants --yes where nobody can be asked', async () => {
    const { name, left } = await start(true);
    expect(await runCommand(['rm', '--repository', name])).toEqual({
      status: 1,
      output: '',
      errors: `purser: there is no terminal to ask at whether ${name} shall go: confirm with --yes\n`,
    });
    expect(await left()).toBe(ALL);
  });

  it('says what has to be on, in one line, where the registry removes none', async () => {
    const { name, left } = await start(false);
    const { status, errors } = await runCommand(['rm', '--repository', '--yes', name]);
    expect(status).toBe(1);
    expect(errors).toMatch(/^purser: the registry .*storage\.delete\.repositories.*\n$/);
    expect(await left()).toBe(ALL);
  });

  it.each([':1.0', `@sha256:${'0'.repeat(64)}`])('takes no part of one: %s', async (suffix) => {
    const { name, left } = await start(true);
    const { status, errors } = await runCommand(['rm', '--repository', '--yes', name + suffix]);
    expect(status).toBe(1);
    expect(errors).toContain('is no repository of a registry');
    expect(await left()).toBe(ALL);
  });
});
