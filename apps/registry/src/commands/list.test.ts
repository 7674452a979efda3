import { join } from 'node:path';
import { parseRepositoryName, parseTag } from '@purser/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../fixtures/run-command.ts';
import { pushSampleImage, type PushedImage } from '../fixtures/sample-images.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { startRegistry, type RunningRegistry } from '../start-registry.ts';

let registry: RunningRegistry;
let host: string;
let image: PushedImage;

beforeEach(async () => {
  registry = await startRegistry({ storage: { inmemory: {}, delete: { enabled: true } } });
  host = new URL(registry.url).host;
  image = await pushSampleImage(registry.registry.repository(parseRepositoryName('team/app')));
});

afterEach(() => registry.close());

describe('purser ls', { timeout: 60_000 }, () => {
  it('lists repositories', async () => {
    expect(await runCommand(['ls', host])).toEqual({ status: 0, output: 'team/app\n', errors: '' });
    expect((await runCommand(['ls', `${host}/`, '--json'])).output).toBe('["team/app"]\n');
  });

  it('lists tags of a repository, and of a layout', async () => {
    expect((await runCommand(['ls', `${host}/team/app`])).output).toBe('1.0\n');
    await using directory = await createTemporaryDirectory();
    const layout = `oci:${join(directory.path, 'layout')}`;
    await runCommand(['copy', '-q', `${host}/team/app:1.0`, `${layout}:2.0`]);
    expect((await runCommand(['ls', layout])).output).toBe('2.0\n');
  });

  it('lists what refers to an image', async () => {
    const { output } = await runCommand(['ls', `${host}/team/app:1.0`]);
    const { digest } = image.signature;
    expect(output).toMatch(new RegExp(`^${digest} application/vnd.example.signature [0-9]+ B\n$`));
    const member = `${host}/team/app@${image.members[1]!.digest}`;
    expect(JSON.parse((await runCommand(['ls', member, '--json'])).output)).toMatchObject([
      { digest: image.sbom.digest, artifactType: 'application/vnd.example.sbom' },
    ]);
  });

  it('tells that there is no such repository', async () => {
    const { status, errors } = await runCommand(['ls', `${host}/none`]);
    expect(status).toBe(1);
    expect(errors).toMatch(/^purser: .*\n$/);
  });
});

describe('purser inspect', { timeout: 60_000 }, () => {
  it('shows an image as a tree', async () => {
    const { status, output } = await runCommand(['inspect', '-r', `${host}/team/app:1.0`]);
    const lines = output.split('\n');
    expect(status).toBe(0);
    expect(lines[0]).toBe(`${host}/team/app:1.0`);
    expect(lines[1]).toMatch(new RegExp(`^manifest ${image.index.digest} 6[0-9]{2} kB$`));
    const drawn = lines.filter((line) => /^ *(?:manifest|referrer)/.test(line));
    const names = drawn.map((line) => line.replace(/sha256:.*/, '').trimEnd());
    expect(names).toEqual([
      'manifest',
      '  manifest linux/amd64',
      '  manifest linux/arm64/v8',
      '    referrer',
      '  referrer',
    ]);
    expect(lines).toContain('    command ["/run"]');
    expect(output.match(/ layer sha256/g)).toHaveLength(4);
  });

  it('gives the same to programs', async () => {
    const words = ['inspect', '--json', '--platform', 'linux/amd64', `${host}/team/app:1.0`];
    expect(JSON.parse((await runCommand(words)).output)).toMatchObject({
      reference: `${host}/team/app:1.0`,
      digest: image.members[0]!.digest,
      platform: { os: 'linux', architecture: 'amd64' },
      config: { config: { Cmd: ['/run'] } },
      layers: [{ size: 300_000 }, { size: 1000 }],
    });
  });

  it('gives the manifest as it is', async () => {
    const repository = registry.registry.repository(parseRepositoryName('team/app'));
    const { payload } = await repository.manifests.get(image.index.digest);
    const { output } = await runCommand(['inspect', '--raw', `${host}/team/app:1.0`]);
    expect(output).toBe(Buffer.from(payload).toString());
  });
});

describe('purser rm', { timeout: 60_000 }, () => {
  it('removes a tag and keeps what it named', async () => {
    const { status, output } = await runCommand(['rm', `${host}/team/app:1.0`]);
    expect([status, output]).toEqual([
      0,
      `Removed the tag ${host}/team/app:1.0; what it named is there still\n`,
    ]);
    const { manifests, tags } = registry.registry.repository(parseRepositoryName('team/app'));
    expect(await tags.get(parseTag('1.0'))).toBeUndefined();
    expect(await manifests.exists(image.index.digest)).toBe(true);
  });

  it('removes a manifest by its digest', async () => {
    const reference = `${host}/team/app@${image.index.digest}`;
    expect(await runCommand(['rm', reference])).toMatchObject({ status: 0 });
    const { manifests } = registry.registry.repository(parseRepositoryName('team/app'));
    expect(await manifests.exists(image.index.digest)).toBe(false);
  });

  it('removes nothing that was not named', async () => {
    const { status, errors } = await runCommand(['rm', `${host}/team/app`]);
    expect([status, errors]).toEqual([
      1,
      `purser: ${host}/team/app names no tag and no digest: say what to remove, as in ${host}/team/app:tag or ${host}/team/app@sha256:…\n`,
    ]);
  });
});

describe('the help of each command', () => {
  it.each(['copy', 'ls', 'inspect', 'rm', 'login'])(
    '%s says what it does, with examples',
    async (name) => {
      const { status, output } = await runCommand([name, '--help']);
      expect(status).toBe(0);
      expect(output).toContain(`Usage: purser ${name}`);
      expect(output).toContain('Examples:');
      expect(output.split('\n').every((line) => line.length <= 110)).toBe(true);
    },
  );
});
