import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { digestOf } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { createFakeTerminal } from './fixtures/fake-terminal.ts';
import { PurserProcess } from './fixtures/purser-process.ts';
import { runCommand } from './fixtures/run-command.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { createLinesWriter } from './show/lines-writer.ts';
import { ProgressBar } from './show/progress-bar.ts';

/** Steers a terminal in several ways, and pretends to be a line of its own. */
const EVIL =
  '\u001B]0;PWNED\u0007\u001B[31m\u009B31m\u007F\u202E\u2066\u061C\u200F\u2028\r\nFAKE LINE';
const STEERS = /[\p{Control}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/u;

/** The lines of a text that steer a terminal or are forged. Output that is empty shows nothing. */
function harmIn(text: string): readonly string[] {
  if (text === '') return ['nothing was written'];
  return text.split('\n').filter((line) => STEERS.test(line) || /^\s*FAKE LINE/.test(line));
}

/** An image layout whose every free text is hostile, with the names `one`, `index`, and a hostile one. */
async function writeHostileLayout(path: string): Promise<string> {
  const blobs = join(path, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const put = async (mediaType: string, content: string) => {
    const digest = digestOf(Buffer.from(content));
    await writeFile(join(blobs, digest.slice('sha256:'.length)), content);
    return { mediaType, digest, size: Buffer.byteLength(content) };
  };
  const runtime = { Cmd: [EVIL], Entrypoint: [EVIL], User: EVIL, WorkingDir: EVIL };
  const facts = { os: `linux${EVIL}`, architecture: EVIL, variant: EVIL, created: EVIL };
  const annotations = { [EVIL]: EVIL };
  const manifest = await put(
    'application/vnd.oci.image.manifest.v1+json',
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: await put(
        'application/vnd.oci.image.config.v1+json',
        JSON.stringify({ ...facts, config: runtime }),
      ),
      layers: [{ ...(await put('application/vnd.oci.image.layer.v1.tar', 'a')), annotations }],
      annotations,
    }),
  );
  const index = await put(
    'application/vnd.oci.image.index.v1+json',
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ ...manifest, platform: facts, annotations }],
      annotations,
    }),
  );
  const named = (entry: object, name: string) => ({
    ...entry,
    annotations: { 'org.opencontainers.image.ref.name': name },
  });
  const manifests = [named(manifest, 'one'), named(index, 'index'), named(manifest, `x${EVIL}`)];
  await writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  return `oci:${path}`;
}

describe('terminal escapes', { timeout: 60_000 }, () => {
  it.each([
    ['inspect one', ['inspect', 'LAYOUT:one'], 0],
    ['inspect index', ['inspect', '-r', 'LAYOUT:index'], 0],
    ['inspect as JSON', ['inspect', '--json', 'LAYOUT:index'], 0],
    ['inspect without a name', ['inspect', 'LAYOUT'], 1],
    ['inspect an unknown name', ['inspect', 'LAYOUT:none'], 1],
    ['inspect another platform', ['inspect', '--platform', 'os/cpu', 'LAYOUT:index'], 1],
    ['copy without a name', ['copy', 'LAYOUT', 'TARGET:x'], 1],
    ['copy another platform', ['copy', '--platform', 'os/cpu', 'LAYOUT:index', 'TARGET:x'], 1],
    ['copy', ['copy', 'LAYOUT:index', 'TARGET:x'], 0],
    ['plan a copy', ['copy', '--dry-run', 'LAYOUT:index', 'TARGET:x'], 0],
    ['ls', ['ls', 'LAYOUT'], 0],
    ['an unknown option', ['ls', `--${EVIL}`], 1],
    ['a malformed name', ['ls', `registry.example/${EVIL}`], 1],
    ['a configuration that is missing', ['config', 'check', `/nowhere/${EVIL}`], 1],
    ['a storage that is missing', ['garbage-collect', `/nowhere/${EVIL}`], 1],
    ['uploads of a missing storage', ['uploads', 'list', `/nowhere/${EVIL}`], 1],
    ['events of a missing storage', ['notifications', 'redeliver', `/nowhere/${EVIL}`], 1],
    ['login', ['login', `registry.example${EVIL}`, '-u', EVIL, '--password-stdin'], 1],
    ['rm', ['rm', `registry.example/a:${EVIL}`], 1],
  ])('do not reach it: %s', async (_, words, status) => {
    await using directory = await createTemporaryDirectory();
    const layout = await writeHostileLayout(join(directory.path, 'layout'));
    const target = `oci:${join(directory.path, 'target')}`;
    const named = words.map((word) => word.replace('LAYOUT', layout).replace('TARGET', target));
    const result = await runCommand(named, { input: 'secret' });
    expect(harmIn(result.output + result.errors)).toEqual([]);
    expect(result.status).toBe(status);
  });

  it('leave JSON as it is for programs', async () => {
    await using directory = await createTemporaryDirectory();
    const layout = await writeHostileLayout(directory.path);
    const { output } = await runCommand(['inspect', '--json', `${layout}:one`]);
    expect(JSON.parse(output)).toMatchObject({ annotations: { [EVIL]: EVIL } });
  });

  it('come through with the exact bytes of a manifest that are not shown at a terminal', async () => {
    await using directory = await createTemporaryDirectory();
    const layout = await writeHostileLayout(directory.path);
    await using purser = new PurserProcess(['inspect', '--raw', `${layout}:one`], {
      cwd: directory.path,
    });
    expect(await purser.exitStatus).toBe(0);
    expect(JSON.parse(purser.output)).toMatchObject({ annotations: { [EVIL]: EVIL } });
  });

  it('do not reach it from a process of its own', async () => {
    await using directory = await createTemporaryDirectory();
    const layout = await writeHostileLayout(directory.path);
    for (const words of [
      ['inspect', `${layout}:index`],
      ['inspect', `${layout}`],
    ]) {
      await using purser = new PurserProcess(words, { cwd: directory.path });
      await purser.exitStatus;
      expect(harmIn(purser.output + purser.errors)).toEqual([]);
    }
  });

  it('do not reach it from the errors of a registry', async () => {
    await using server = createServer((_request, response) => {
      const errors = [{ code: 'DENIED', message: EVIL, detail: EVIL }];
      response.writeHead(403, { Warning: `299 - "\u009B31m"` }).end(JSON.stringify({ errors }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    for (const command of ['ls', 'inspect', 'rm']) {
      const result = await runCommand([command, `127.0.0.1:${port}/a:1`, '--insecure']);
      expect(harmIn(result.errors)).toEqual([]);
    }
  });

  it('do not reach it from names that a bar shows', async () => {
    const terminal = createFakeTerminal();
    const bar = new ProgressBar(terminal.stream);
    bar.begin('looking for garbage: {value} names {name}', { shown: { name: EVIL } });
    bar.update(1, { name: EVIL });
    bar.interrupt(() => {});
    bar.end();
    expect(terminal.drawn).toContain('FAKE LINE');
    expect(terminal.drawn).not.toContain('\u001B]0;PWNED');
    expect(terminal.drawn).not.toContain('\nFAKE LINE');
  });

  it('are escaped in every line, each of which stays one', () => {
    let text = '';
    const write = createLinesWriter((more) => void (text += more));
    write('a\nb\n');
    write(['c', 'd\u001B[31m']);
    write([]);
    expect(text).toBe('a\\u000ab\nc\nd\\u001b[31m\n');
  });

  it('have one way out: no other file writes to the streams of the process', async () => {
    const source = import.meta.dirname;
    const files = await readdir(source, { recursive: true });
    const writers: string[] = [];
    for (const file of files.filter((name) => /(?<!\.test)\.ts$/.test(name))) {
      const text = (await readFile(join(source, file), 'utf8')).replace(/^ \*.*$/gm, '');
      if (/\bstd(?:out|err)\s*\.\s*write\b|\bconsole\s*\.\s*\w+\(/.test(text)) writers.push(file);
    }
    expect(writers).toEqual(['main.ts']);
  });
});
